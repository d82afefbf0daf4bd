/** LocalStack as a process of ours: when a start is refused, whom it listens to, and what is left when it dies. */
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { LambdaClient } from '@aws-sdk/client-lambda'
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LocalStack, startLocalStack } from '../../local/cloud/localstack.ts'
import { homeAt } from '../../local/home.ts'
import { isAlive } from '../../local/lock.ts'
import { freePort, isPortFree } from '../../local/ports.ts'
import { childrenOf, clientOptions, Emulator, ENVIRONMENTS, eventually, START_DEADLINE_MS } from './emulator.ts'

/** LocalStack keeps objects up to 512 KB in memory. */
const LARGE_OBJECT_BYTES = 1024 * 1024

let emulator: Emulator
beforeAll(async () => {
  emulator = await Emulator.start()
}, START_DEADLINE_MS)
afterAll(() => emulator.stop())

describe('a start is refused', () => {
  test('when LocalStack ends at once, with the end of its log', async () => {
    process.env['BACKLOT_LAMBDA_ENVIRONMENTS'] = 'many'
    try {
      await expect(emulator.startAnother('broken')).rejects.toMatchObject({
        code: 'localstack_unhealthy',
        message: expect.stringMatching(/it ended with code 1\..*localstack\.log:.*ValueError.*'many'/s),
      })
    } finally {
      process.env['BACKLOT_LAMBDA_ENVIRONMENTS'] = `${ENVIRONMENTS}`
    }
  })

  test('when it is not healthy in time, and what was started is ended', async () => {
    const port = await freePort()
    const attempt = startLocalStack({ home: homeAt(join(emulator.folder, 'late')), port, healthyDeadlineMs: 1 })
    await expect(attempt).rejects.toMatchObject({
      code: 'localstack_unhealthy',
      message: expect.stringContaining('within 0.001 s'),
    })
    expect(await isPortFree(port)).toBe(true)
  })

  test('when the port is taken, naming who has it', async () => {
    const port = Number(new URL(emulator.cloud.endpoint).port)
    await expect(startLocalStack({ home: homeAt(join(emulator.folder, 'late')), port })).rejects.toMatchObject({
      code: 'port_taken',
      message: expect.stringContaining(`process ${emulator.cloud.pid}`),
      hint: expect.stringContaining('BACKLOT_CLOUD_PORT'),
    })
  })
})

describe('the process', () => {
  test('listens on the loopback interface only', async () => {
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((address) => address && !address.internal && address.family === 'IPv4')
    expect(await accepts('127.0.0.1')).toBe(true)
    if (outside) expect(await accepts(outside.address)).toBe(false)
  })

  test('shares nothing with another one, and leaves nothing behind when it is killed', async () => {
    const exits: string[] = []
    const other = await emulator.startAnother('two', () => exits.push('ended'))
    await keepsItsOwnObjects(other)
    const its = new LambdaClient(clientOptions(other))
    await emulator.createFunction('busy', 'export const handler = async ({ loop }) => { while (loop) {} }', {
      timeout: 60,
      on: its,
    })
    emulator.invoke('busy', { loop: true }, its).catch(() => {})
    const children = await eventually('a busy handler', async () => {
      const found = await childrenOf(other.pid)
      return found.some(({ command }) => command.includes('runtime.mjs')) && found
    })
    expect(children.map(({ command }) => command).join()).toContain('dynoxide')
    process.kill(other.pid, 'SIGKILL')
    await eventually('all children to be gone', async () => !children.some(({ pid }) => isAlive(pid)))
    expect(await other.exited).toEqual({ code: null, signal: 'SIGKILL' })
    expect(exits).toEqual(['ended'])
    await other.stop()
  })
})

const accepts = (host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port: Number(new URL(emulator.cloud.endpoint).port) })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('close', () => socket.destroy())
    socket.once('connect', () => socket.destroy())
  })

async function keepsItsOwnObjects(other: LocalStack): Promise<void> {
  const [mine, its] = [emulator.cloud, other].map((one) => new S3Client(clientOptions(one))) as [S3Client, S3Client]
  for (const [client, body] of [
    [mine, 'mine'],
    [its, 'its'],
  ] as const) {
    await client.send(new CreateBucketCommand({ Bucket: 'same-name' }))
    await client.send(new PutObjectCommand({ Bucket: 'same-name', Key: 'key', Body: body }))
  }
  await its.send(new CreateBucketCommand({ Bucket: 'only-there' }))
  const object = await mine.send(new GetObjectCommand({ Bucket: 'same-name', Key: 'key' }))
  expect(await object.Body?.transformToString()).toBe('mine')
  const { Buckets } = await mine.send(new ListBucketsCommand({}))
  expect(Buckets?.map(({ Name }) => Name)).toEqual(['same-name'])
  // A bucket's folder goes with it; objects of this size are files in it.
  await its.send(new DeleteObjectCommand({ Bucket: 'same-name', Key: 'key' }))
  await its.send(new DeleteBucketCommand({ Bucket: 'same-name' }))
  await mine.send(new PutObjectCommand({ Bucket: 'same-name', Key: 'large', Body: Buffer.alloc(LARGE_OBJECT_BYTES) }))
}
