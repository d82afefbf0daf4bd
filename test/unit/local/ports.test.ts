import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { freePort, isPortFree, portHolder, requirePort } from '../../../local/ports.ts'

let server: Server
let port: number

beforeEach(async () => {
  server = createServer()
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve))
  port = (server.address() as AddressInfo).port
})

afterEach(() => new Promise((resolve) => server.close(resolve)))

describe('a port', () => {
  test('is taken while somebody listens, and free afterwards', async () => {
    expect(await isPortFree(port)).toBe(false)
    await new Promise((resolve) => server.close(resolve))
    expect(await isPortFree(port)).toBe(true)
  })

  test('that is free can be listened on', async () => {
    const free = await freePort()
    expect(free).not.toBe(port)
    expect(await isPortFree(free)).toBe(true)
  })

  test('has a holder with process id and command', async () => {
    expect(await portHolder(port)).toEqual({ pid: process.pid, command: expect.stringMatching(/node|vitest/) })
  })

  test('without a listener has no holder', async () => {
    expect(await portHolder(await freePort())).toBeUndefined()
  })

  test('that is required and taken is refused, naming the holder and the variable', async () => {
    await expect(requirePort(port, 'BACKLOT_PORT')).rejects.toMatchObject({
      code: 'port_taken',
      message: expect.stringContaining(`process ${process.pid}`),
      hint: expect.stringContaining('BACKLOT_PORT'),
    })
    await expect(requirePort(await freePort(), 'BACKLOT_PORT')).resolves.toBeUndefined()
  })
})
