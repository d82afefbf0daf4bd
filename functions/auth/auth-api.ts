/** The routes of this service: its pages and its API. */
import type { ServiceDescription } from '#core/route.ts'
import type { AuthServices } from './auth-services.ts'
import { clientRoutes } from './credentials/client-routes.ts'
import { keyRoutes } from './credentials/key-routes.ts'
import { accountRoutes } from './pages/account-routes.ts'
import { peopleRoutes } from './pages/people-routes.ts'
import { personRoutes } from './sessions/person-routes.ts'
import { workspaceRoutes } from './workspaces/workspace-routes.ts'

export const authApi: ServiceDescription<AuthServices> = {
  service: 'auth',
  title: 'Auth',
  description:
    'People, workspaces, members and API keys. Browsers that are signed in send their cookie instead of a key, with the ' +
    'header `Backlot-Workspace` on routes of a workspace.',
  routes: [...personRoutes, ...workspaceRoutes, ...keyRoutes, ...clientRoutes, ...peopleRoutes, ...accountRoutes],
}
