/** The tasks API as a whole. */
import type { ServiceDescription } from '#core/route.ts'
import { queueRoutes } from './queues/queue-routes.ts'
import { taskRoutes } from './requests/task-routes.ts'
import examples from './task-examples.json' with { type: 'json' }
import type { TasksServices } from './tasks-services.ts'

export const tasksApi: ServiceDescription<TasksServices> = {
  service: 'tasks',
  title: 'Tasks',
  description: 'Background work: ask for it, at once or later, see how far it is, and bring back what was given up.',
  routes: [...taskRoutes, ...queueRoutes],
  examples,
}
