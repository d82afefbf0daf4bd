import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkAddress } from '#core/http-address.ts'
import { createHttpClient } from '#core/http-client.ts'
import { checkTarget } from '#core/http-target.ts'

const PUBLIC = { allowLoopback: false }
const LOCAL = { allowLoopback: true }

describe('an address', () => {
  it.each(['93.184.216.34', '8.8.8.8', '2606:2800:220:1:248:1893:25c8:1946'])('%s is public', (address) => {
    expect(checkAddress(address, PUBLIC)).toEqual({ ok: true })
  })

  it.each([
    ['127.0.0.1', 'loopback'],
    ['10.0.0.1', 'private'],
    ['172.16.0.1', 'private'],
    ['192.168.1.1', 'private'],
    ['169.254.169.254', 'linkLocal'],
    ['100.64.0.1', 'carrierGradeNat'],
    ['0.0.0.0', 'unspecified'],
    ['224.0.0.1', 'multicast'],
    ['255.255.255.255', 'broadcast'],
    ['192.0.0.1', 'reserved'],
    ['198.18.0.1', 'benchmarking'],
    ['240.0.0.1', 'reserved'],
    ['::1', 'loopback'],
    ['::', 'unspecified'],
    ['fc00::1', 'uniqueLocal'],
    ['fe80::1', 'linkLocal'],
    ['ff02::1', 'multicast'],
    ['::ffff:10.0.0.1', 'private'],
    ['::ffff:7f00:1', 'loopback'],
    ['64:ff9b::a00:1', 'rfc6052'],
    ['2002:7f00:1::', '6to4'],
    ['2001:0::1', 'teredo'],
    ['2001:db8::1', 'reserved'],
    ['fe80::1%eth0', 'invalid'],
    ['example.com', 'invalid'],
    ['', 'invalid'],
  ])('%s is %s', (address, range) => {
    const decision = checkAddress(address, PUBLIC)
    expect(decision.ok).toBe(false)
    if (!decision.ok && range !== 'reserved' && range !== 'benchmarking') expect(decision.range).toBe(range)
  })

  it('of loopback passes where it is allowed to, and nothing else does', () => {
    expect(checkAddress('127.0.0.53', LOCAL).ok).toBe(true)
    expect(checkAddress('::ffff:127.0.0.1', LOCAL).ok).toBe(true)
    expect(checkAddress('10.0.0.1', LOCAL).ok).toBe(false)
  })

  it('is judged the same whether or not it comes mapped into IPv6', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(checkAddress(`::ffff:${address}`, PUBLIC).ok).toBe(checkAddress(address, PUBLIC).ok)
      }),
    )
  })
})

describe('a URL', () => {
  const codeOf = (url: string, policy = PUBLIC) => {
    const decision = checkTarget(url, policy)
    return decision.ok ? 'ok' : decision.code
  }

  it.each([
    ['https://example.com/hook', 'ok'],
    ['https://example.com:8443/', 'ok'],
    ['https://93.184.216.34/', 'ok'],
    ['http://example.com/', 'url_scheme'],
    ['ftp://example.com/', 'url_scheme'],
    ['javascript:alert(1)', 'url_scheme'],
    ['example.com', 'url_invalid'],
    ['https://user:secret@example.com/', 'url_user_info'],
    ['https://example.com:25/', 'url_port'],
    ['https://example.com:1023/', 'url_port'],
    ['https://example.com:1024/', 'ok'],
    ['https://localhost/', 'url_address'],
    ['https://api.localhost./', 'url_address'],
    ['https://127.0.0.1/', 'url_address'],
    ['https://127.1/', 'url_address'],
    ['https://0x7f000001/', 'url_address'],
    ['https://2130706433/', 'url_address'],
    ['https://１２７.０.０.１/', 'url_address'],
    ['https://[::1]/', 'url_address'],
    ['https://[::ffff:169.254.169.254]/', 'url_address'],
    ['https://169.254.169.254/latest/meta-data', 'url_address'],
  ])('%s: %s', (url, code) => {
    expect(codeOf(url)).toBe(code)
  })

  it('may be plain and on any port for this machine, where that is allowed', () => {
    expect(codeOf('http://localhost:25/', LOCAL)).toBe('ok')
    expect(codeOf('http://127.0.0.1:8080/', LOCAL)).toBe('ok')
    expect(codeOf('http://example.com/', LOCAL)).toBe('url_scheme')
    expect(codeOf('https://10.0.0.1/', LOCAL)).toBe('url_address')
  })
})

describe('the client', () => {
  let handle: RequestListener
  let origin: string
  const server = createServer((request, response) => handle(request, response))
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  const client = createHttpClient({ userAgent: 'Test/1', ...LOCAL })

  it('sends what it is given and gives what comes', async () => {
    let seen: unknown
    handle = (request, response) => {
      request.setEncoding('utf8').on('data', (body) => {
        seen = { method: request.method, body, headers: request.headers }
        response.writeHead(201, { 'X-One': ['a', 'b'] }).end('made')
      })
    }
    const outcome = await client.send({ method: 'PUT', url: `${origin}/x`, headers: { 'X-Two': 'c' }, body: 'hello' })
    expect(outcome).toMatchObject({ kind: 'answered', status: 201, headers: { 'x-one': 'a, b' }, truncated: false })
    expect(outcome.kind === 'answered' && Buffer.from(outcome.body).toString()).toBe('made')
    expect(seen).toMatchObject({
      method: 'PUT',
      body: 'hello',
      headers: { 'x-two': 'c', 'user-agent': 'Test/1', 'content-length': '5', 'accept-encoding': 'identity' },
    })
  })

  it('reads no more of an answer than it may, and says so', async () => {
    handle = (_, response) => response.end(Buffer.alloc(1_001))
    const send = (maxBytes: number) => client.send({ method: 'GET', url: origin, maxBytes })
    expect(await send(1_000)).toMatchObject({ truncated: true, body: { length: 1_000 } })
    expect(await send(1_001)).toMatchObject({ truncated: false, body: { length: 1_001 } })
  })

  it('ends a request that takes too long, or that nobody wants any more', async () => {
    handle = () => {}
    expect(await client.send({ method: 'GET', url: origin, timeoutMs: 50 })).toMatchObject({ code: 'timeout' })
    const signal = AbortSignal.abort()
    expect(await client.send({ method: 'GET', url: origin, signal })).toMatchObject({ code: 'aborted' })
  })

  it('tells what failed without telling the address', async () => {
    const outcome = await client.send({ method: 'GET', url: 'http://127.0.0.1:1/' })
    expect(outcome).toEqual({ kind: 'failed', code: 'ECONNREFUSED', detail: 'the connection failed: ECONNREFUSED' })
  })

  it.each(['Host', 'content-length', 'Transfer-Encoding', 'connection'])('sends no %s of a caller', async (name) => {
    const outcome = await client.send({ method: 'GET', url: origin, headers: { [name]: 'x' } })
    expect(outcome).toMatchObject({ kind: 'refused', code: 'header_forbidden' })
  })

  describe('and names', () => {
    const resolving = (...addresses: string[]) =>
      createHttpClient({
        userAgent: 'Test/1',
        ...PUBLIC,
        resolve: async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      })

    it.each([[['127.0.0.1']], [['93.184.216.34', '10.0.0.1']], [['::ffff:169.254.169.254']], [[]]])(
      'that resolve to %j are refused, and nothing is connected to',
      async (addresses) => {
        let asked = 0
        handle = () => {
          asked += 1
        }
        const url = `https://rebound.example:${new URL(origin).port}/`
        expect(await resolving(...addresses).send({ method: 'GET', url })).toMatchObject({
          kind: 'refused',
          code: 'url_address',
        })
        expect(asked).toBe(0)
      },
    )
  })

  describe('and redirects', () => {
    const redirecting = (status: number, location: string) => {
      const seen: { method: string | undefined; url: string | undefined; headers: Record<string, unknown> }[] = []
      handle = (request, response) => {
        seen.push({ method: request.method, url: request.url, headers: request.headers })
        if (request.url === '/from') response.writeHead(status, { Location: location }).end()
        else response.end('there')
      }
      return seen
    }
    const headers = { Authorization: 'secret', 'Content-Type': 'text/plain' }
    const send = (maxRedirects: number) =>
      client.send({ method: 'POST', url: `${origin}/from`, headers, body: 'x', maxRedirects })

    it('are answers unless they may be followed', async () => {
      redirecting(302, '/to')
      expect(await send(0)).toMatchObject({ kind: 'answered', status: 302 })
    })

    it('are followed: as GET after 302, as they were after 307', async () => {
      const found = redirecting(302, '/to')
      expect(await send(1)).toMatchObject({ kind: 'answered', status: 200, url: `${origin}/to` })
      expect(found[1]).toMatchObject({ method: 'GET', url: '/to', headers: { authorization: 'secret' } })
      expect(found[1]?.headers).not.toHaveProperty('content-type')
      const same = redirecting(307, '/to')
      await send(1)
      expect(same[1]).toMatchObject({ method: 'POST', headers: { 'content-type': 'text/plain' } })
    })

    it('to elsewhere leave secrets behind, and every hop is judged', async () => {
      const seen = redirecting(307, origin.replace('127.0.0.1', 'localhost').concat('/to'))
      await send(1)
      expect(seen.at(-1)?.headers).not.toHaveProperty('authorization')
      redirecting(302, 'https://169.254.169.254/latest')
      expect(await send(3)).toMatchObject({ kind: 'refused', code: 'url_address' })
    })

    it('without end are given up', async () => {
      redirecting(302, '/from')
      handle = (_, response) => response.writeHead(302, { Location: '/from' }).end()
      expect(await send(3)).toMatchObject({ kind: 'failed', code: 'too_many_redirects' })
    })
  })
})
