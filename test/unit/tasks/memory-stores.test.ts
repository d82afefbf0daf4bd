import { tasksStoreCases } from '../../contract/tasks/tasks-store.cases.ts'
import { memoryTasks } from './memory-stores.ts'

tasksStoreCases(memoryTasks, (look) => look())
