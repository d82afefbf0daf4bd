/** One process at a time, across processes of this machine: a file with the owner's id, taken over when it died. */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Refusal } from './refusal.ts'

const POLL_MS = 100

export interface LockOptions {
  readonly deadlineMs: number
  /** Called once when another process holds the lock. */
  readonly onWait?: (owner: number) => void
}

/** @throws Refusal `lock_held` when its owner is still alive and busy at the deadline */
export async function withLock<T>(file: string, options: LockOptions, run: () => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true })
  const deadline = performance.now() + options.deadlineMs
  for (let waited = false; !(await acquire(file)); waited = true) {
    const owner = await ownerOf(file)
    if (owner !== undefined && !isAlive(owner)) await takeAway(file, owner)
    else {
      if (!waited) options.onWait?.(owner ?? 0)
      if (performance.now() > deadline)
        throw new Refusal(
          'lock_held',
          `expected process ${owner} to finish and free ${file}`,
          `If it hangs, end it and remove that file.`,
        )
      await delay(POLL_MS)
    }
  }
  try {
    return await run()
  } finally {
    await rm(file, { force: true })
  }
}

async function acquire(file: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx')
    await handle.writeFile(String(process.pid))
    await handle.close()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Undefined while the owner has created the file but not yet written it. */
async function ownerOf(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return text === '' ? undefined : Number(text)
}

/** Of two processes that see the same dead owner only one wins the rename; what it took is checked again. */
async function takeAway(file: string, owner: number): Promise<void> {
  const aside = `${file}.${process.pid}`
  await rename(file, aside).catch(() => {})
  const taken = await ownerOf(aside)
  if (taken !== undefined && taken !== owner) await rename(aside, file).catch(() => {})
  await rm(aside, { force: true })
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
