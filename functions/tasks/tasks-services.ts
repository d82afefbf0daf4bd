/** What the routes of this service are given. Types only; `api.lambda.ts` makes it. */
import type { Cursors } from '#core/cursor.ts'
import type { Ids } from '#core/ids.ts'
import type { SendHints } from './hints/hints.store.ts'
import type { FindDefinition } from './kinds/definitions.ts'
import type { QueuesStore } from './queues/queues.store.ts'
import type { TaskListsStore } from './requests/task-lists.store.ts'
import type { TasksStore } from './states/tasks.store.ts'

export interface TasksServices {
  readonly tasks: TasksStore
  readonly lists: TaskListsStore
  readonly queues: QueuesStore
  readonly sendHints: SendHints
  readonly findDefinition: FindDefinition
  readonly ids: Ids
  readonly cursors: Cursors
}
