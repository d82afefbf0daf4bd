/** A new workspace, whose maker is its owner. */
import type { Workspace } from '#core/access.store.ts'
import type { Person } from '#core/permissions.ts'
import type { AuthServices } from '../auth-services.ts'
import type { Origin } from '../events.ts'

/** A headline fits; the name stands in mails and lists. */
export const MAX_WORKSPACE_NAME = 80

/** One line of text that says something. */
export const isWorkspaceName = (name: string): boolean => /^(?=.*\S)[^\p{Cc}]{1,80}$/u.test(name)

export async function createWorkspace(
  name: string,
  person: Person,
  origin: Origin,
  { ids, workspaces, tell }: Pick<AuthServices, 'ids' | 'workspaces' | 'tell'>,
): Promise<Workspace> {
  const at = origin.now.toISOString()
  const workspace = { id: ids('wsp'), name, createdAt: at }
  const { userId, email } = person
  const about = { workspaceId: workspace.id, about: workspace.id }
  const news = tell({ type: 'WorkspaceCreated', ...about, data: { name, createdBy: userId } }, origin)
  await workspaces.create(workspace, { userId, email, role: 'owner', joinedAt: at }, news)
  return workspace
}
