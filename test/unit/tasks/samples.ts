/** Tasks to start tests from. */
import { ulid } from 'ulid'
import type { Task } from '../../../functions/tasks/task.ts'

export const NOW = new Date('2026-11-21T10:15:00.000Z')
export const WORKSPACE = 'wsp_1'
export const later = (ms: number, from = NOW): Date => new Date(from.getTime() + ms)
export const newId = (): string => `tsk_${ulid(NOW.getTime())}`

/** A queued task; `over` replaces fields. */
export const sampleTask = (over: Partial<Task> = {}): Task => ({
  id: newId(),
  workspaceId: WORKSPACE,
  name: 'test.work',
  queue: 'default',
  priority: 4,
  status: 'queued',
  version: 1,
  fence: 0,
  failures: 0,
  crashes: 0,
  redrives: 0,
  createdAt: NOW.toISOString(),
  createdBy: 'key',
  updatedAt: NOW.toISOString(),
  runAt: NOW.toISOString(),
  since: NOW.toISOString(),
  input: {},
  inputBytes: 2,
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  history: [{ at: NOW.toISOString(), status: 'queued' }],
  ...over,
})
