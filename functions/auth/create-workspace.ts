/** A new workspace, whose maker is its owner. */
import type { Workspace } from '#core/access.store.ts'
import type { Person } from '#core/permissions.ts'
import type { AuthServices } from './auth-services.ts'

/** A headline fits; the name stands in mails and lists. */
export const MAX_WORKSPACE_NAME = 80

/** One line of text that says something. */
export const isWorkspaceName = (name: string): boolean => /^(?=.*\S)[^\p{Cc}]{1,80}$/u.test(name)

export async function createWorkspace(
  name: string,
  person: Person,
  now: Date,
  { ids, workspaces }: Pick<AuthServices, 'ids' | 'workspaces'>,
): Promise<Workspace> {
  const at = now.toISOString()
  const workspace = { id: ids('wsp'), name, createdAt: at }
  await workspaces.create(workspace, { userId: person.userId, email: person.email, role: 'owner', joinedAt: at })
  return workspace
}
