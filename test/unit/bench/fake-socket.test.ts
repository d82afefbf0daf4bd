import { Agent, type ClientRequest, request } from 'node:http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fakeConnections, httpAnswer } from '../../../bench/fake-socket.ts'

const real = Object.getOwnPropertyDescriptor(Agent.prototype, 'createConnection')
beforeAll(() =>
  fakeConnections([
    ['X-Wanted: first', httpAnswer({ n: 1 })],
    ['X-Wanted: second', httpAnswer({ n: 2, text: 'ä' })],
  ]),
)
afterAll(() => {
  if (real !== undefined) Object.defineProperty(Agent.prototype, 'createConnection', real)
})

function ask(agent: Agent, wanted: string, body: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const sent: ClientRequest = request(
      {
        agent,
        host: 'nowhere.invalid',
        method: 'POST',
        headers: { 'X-Wanted': wanted, 'Content-Length': Buffer.byteLength(body) },
      },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        answer.on('end', () => resolve(JSON.parse(text)))
      },
    )
    sent.on('error', reject)
    // In two parts: the answer must wait for all of the body.
    let isWhole = false
    sent.on('response', () => isWhole || reject(new Error('expected no answer before the end of the body')))
    sent.write(body.slice(0, 1))
    setTimeout(() => {
      isWhole = true
      sent.end(body.slice(1))
    }, 10)
  })
}

it('answers Node’s own client over one kept connection, without a network', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  expect(await ask(agent, 'first', 'abc')).toEqual({ n: 1 })
  expect(await ask(agent, 'second', 'abcdef')).toEqual({ n: 2, text: 'ä' })
  expect(Object.values(agent.freeSockets).flat()).toHaveLength(1)
})
