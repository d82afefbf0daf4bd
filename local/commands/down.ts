/** `npm run down`: ends the cloud of this checkout, in the background or in another terminal, and waits for its end. */
import { setTimeout as delay } from 'node:timers/promises'
import { askToStop, cloudStatus } from '../cloud/control.ts'
import type { Progress } from '../progress.ts'
import { Refusal } from '../refusal.ts'
import type { Settings } from '../settings.ts'

/** LocalStack needs a few seconds to end its services; after this it hangs. */
const STOP_DEADLINE_MS = 30_000
const POLL_MS = 50

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

export async function down({ home }: Settings, progress: Progress): Promise<void> {
  const status = await cloudStatus(home)
  if (!status) return progress.line('No local cloud runs in this checkout.')
  await progress.step('Stop the local cloud', async () => {
    await askToStop(home)
    const deadline = performance.now() + STOP_DEADLINE_MS
    while (isAlive(status.pid)) {
      if (performance.now() > deadline)
        throw new Refusal('stop_failed', `Process ${status.pid} did not end within ${STOP_DEADLINE_MS / 1_000} s.`)
      await delay(POLL_MS)
    }
  })
}
