/** How local clouds come to their end, in front and in the background. They have few stacks: their ends are the same. */
import { describe, expect, test } from 'vitest'
import { DEMO_API_KEY } from '../../local/seed.ts'
import { command, eventually, expectNothingLeft, family, place, run, START_DEADLINE_MS } from './checkout-commands.ts'

describe.concurrent('the end of a start', { timeout: START_DEADLINE_MS }, () => {
  test('by Ctrl-C once it is ready is a success and leaves no process and no port', async () => {
    const at = await place()
    const cloud = command(at, 'start', 'Platform')
    await cloud.until(/Ctrl-C stops everything/)
    const pids = await family(cloud.pid)
    expect(pids.length).toBeGreaterThan(2)
    cloud.child.kill('SIGINT')
    expect(await cloud.ended).toEqual({ code: 0, signal: null })
    await expectNothingLeft(at, pids)
    await at.remove()
  })

  test('by Ctrl-C before it is ready is 130 and leaves no process and no port', async () => {
    const at = await place()
    const cloud = command(at, 'start', 'Platform')
    await eventually('LocalStack to be started', async () => (await family(cloud.pid)).length > 1, START_DEADLINE_MS)
    const pids = await family(cloud.pid)
    cloud.child.kill('SIGINT')
    expect(await cloud.ended).toEqual({ code: 130, signal: null })
    await expectNothingLeft(at, pids)
    await at.remove()
  })

  test('by Ctrl-C to up before it is ready is 130 and leaves no process and no port', async () => {
    const at = await place()
    const up = command(at, 'up', 'Platform')
    // Itself, the cloud, and LocalStack.
    await eventually('LocalStack to be started', async () => (await family(up.pid)).length > 2, START_DEADLINE_MS)
    const pids = await family(up.pid)
    up.child.kill('SIGINT')
    expect(await up.ended).toEqual({ code: 130, signal: null })
    await expectNothingLeft(at, pids)
    await at.remove()
  })

  test('by a crash of LocalStack in the middle of the deployment is a refusal with the end of the log', async () => {
    const at = await place()
    const cloud = command(at, 'start', 'Platform')
    await cloud.until(/✓ Start LocalStack/)
    const pids = await family(cloud.pid)
    process.kill(pids[1] ?? 0, 'SIGKILL')
    expect((await cloud.ended).code).toBe(1)
    expect(cloud.output()).toContain('LocalStack ended unexpectedly (SIGKILL)')
    await expectNothingLeft(at, pids)
    await at.remove()
  })

  test('killed outright takes LocalStack with it', async () => {
    const at = await place()
    const cloud = command(at, 'start', 'Platform')
    await eventually('LocalStack to be started', async () => (await family(cloud.pid)).length > 1, START_DEADLINE_MS)
    const pids = await family(cloud.pid)
    cloud.child.kill('SIGKILL')
    await cloud.ended
    // A synthesis that was running has nobody to stop it and comes to its own end.
    await expectNothingLeft(at, pids, START_DEADLINE_MS)
    await at.remove()
  })

  test('of a background cloud is down: up waits until it is ready, reset brings the seeded state back', {
    // It starts twice.
    timeout: 2 * START_DEADLINE_MS,
  }, async () => {
    const at = await place()
    const up = await run(at, 'up', 'links')
    expect(up.code, up.output).toBe(0)
    expect(up.output).toMatch(/✓ Deploy [\s\S]*✓ Seed[\s\S]*Backlot is ready in/)
    const { output } = await run(at, 'status')
    const pids = await family(Number(/process (\d+)/.exec(output)?.[1]))
    expect(output).toContain('in the background')
    const api = `http://localhost:${at.edgePort}/api/links`
    expect((await fetch(`${api}/health`)).status).toBe(200)
    expect(output).toContain('Links created')
    expect(output, 'only what was asked for, and what that needs').not.toContain('Tasks created')

    const headers = { Authorization: `Bearer ${DEMO_API_KEY}`, 'Content-Type': 'application/json' }
    const made = await fetch(`${api}/links`, { method: 'POST', headers, body: '{"url":"https://example.com/"}' })
    expect(made.status).toBe(201)
    const reset = await run(at, 'reset')
    expect(reset.output).toContain('The seeded state is back')
    expect(reset.code).toBe(0)
    expect(await (await fetch(`${api}/links`, { headers })).json()).toMatchObject({ items: [] })

    expect((await run(at, 'down')).code).toBe(0)
    await expectNothingLeft(at, pids)
    expect((await run(at, 'status')).output).toContain('No local cloud runs')
    await at.remove()
  })
})
