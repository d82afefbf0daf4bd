/** Workspaces, members, invitations and clients: the last owner stays, one of many accepts, nothing is half done. */
import { ulid } from 'ulid'
import { describe, expect, it } from 'vitest'
import { createClientsStore } from '../../../functions/auth/credentials/clients.store.ts'
import { INVITATION_LIFETIME_MS, type Invitation } from '../../../functions/auth/workspaces/invitation.ts'
import { createInvitationsStore } from '../../../functions/auth/workspaces/invitations.store.ts'
import { createWorkspacesStore } from '../../../functions/auth/workspaces/workspaces.store.ts'
import { accessStore, type Client, type Member } from '../../../layers/core/access.store.ts'
import type { Role } from '../../../layers/core/permissions.ts'
import { scratchTable } from '../links/scratch-table.ts'

const table = scratchTable()
const workspaces = createWorkspacesStore(table.client, table.name)
const invitations = createInvitationsStore(table.client, table.name)
const clients = createClientsStore(table.client, table.name)
const access = accessStore(table.client, table.name)

const NOW = new Date('2026-11-21T10:15:00.000Z')
const later = (milliseconds: number) => new Date(NOW.getTime() + milliseconds)
const memberOf = (role: Role): Member => {
  const userId = `usr_${ulid()}`
  return { userId, email: `${userId.toLowerCase()}@example.com`, role, joinedAt: NOW.toISOString() }
}

async function made() {
  const owner = memberOf('owner')
  const workspace = { id: `wsp_${ulid()}`, name: 'Test', createdAt: NOW.toISOString() }
  await workspaces.create(workspace, owner)
  return { owner, workspace }
}

async function joined(workspace: { id: string; name: string; createdAt: string }, role: Role) {
  const member = memberOf(role)
  const invitation = await invited(workspace.id, member.email, role)
  expect(await invitations.accept(invitation, member.userId, NOW, workspaces.joining(workspace, member))).toBe(true)
  return member
}

async function invited(workspaceId: string, email: string, role: Role = 'member'): Promise<Invitation> {
  const invitation: Invitation = {
    id: `inv_${ulid()}`,
    workspaceId,
    email,
    role,
    hash: 'ab',
    createdBy: 'usr_1',
    createdAt: NOW.toISOString(),
    expiresAt: later(INVITATION_LIFETIME_MS).toISOString(),
  }
  await invitations.create(invitation)
  return invitation
}

describe('a workspace', () => {
  it('has its maker as owner, in both lists', async () => {
    const { owner, workspace } = await made()
    expect(await access.findWorkspace(workspace.id)).toEqual(workspace)
    expect(await workspaces.members(workspace.id)).toEqual([owner])
    const entry = { workspaceId: workspace.id, name: 'Test', role: 'owner', joinedAt: NOW.toISOString() }
    expect(await workspaces.listOf(owner.userId)).toEqual([entry])
  })

  it('keeps its last owner', async () => {
    const { owner, workspace } = await made()
    expect(await workspaces.remove(workspace.id, owner)).toBe('last_owner')
    expect(await workspaces.changeRole(workspace.id, owner, 'admin')).toBe('last_owner')
    expect(await workspaces.members(workspace.id)).toEqual([owner])
  })

  it('keeps one of two owners who leave at the same time', async () => {
    const { owner, workspace } = await made()
    const other = await joined(workspace, 'owner')
    const outcomes = await Promise.all([workspaces.remove(workspace.id, owner), workspaces.remove(workspace.id, other)])
    expect(outcomes.toSorted()).toEqual(['done', 'last_owner'])
    expect(await workspaces.members(workspace.id)).toHaveLength(1)
  })

  it('changes a role in both lists, and only the role that was seen', async () => {
    const { workspace } = await made()
    const member = await joined(workspace, 'viewer')
    expect(await workspaces.changeRole(workspace.id, member, 'admin')).toBe('done')
    expect((await access.findMember(workspace.id, member.userId))?.role).toBe('admin')
    expect(await workspaces.listOf(member.userId)).toMatchObject([{ role: 'admin' }])
    expect(await workspaces.changeRole(workspace.id, member, 'owner')).toBe('changed')
    expect(await workspaces.remove(workspace.id, { ...member, role: 'admin' })).toBe('done')
    expect(await workspaces.remove(workspace.id, { ...member, role: 'admin' })).toBe('changed')
    expect(await workspaces.listOf(member.userId)).toEqual([])
  })
})

describe('an invitation', () => {
  it('is accepted once, with the membership', async () => {
    const { workspace } = await made()
    const people = Array.from({ length: 10 }, () => memberOf('member'))
    const invitation = await invited(workspace.id, 'bob@example.com')
    const accepted = await Promise.all(
      people.map((member) => invitations.accept(invitation, member.userId, NOW, workspaces.joining(workspace, member))),
    )
    expect(accepted.filter(Boolean)).toHaveLength(1)
    expect(await workspaces.members(workspace.id)).toHaveLength(2)
    expect(await invitations.find(workspace.id, invitation.id)).toMatchObject({ acceptedAt: NOW.toISOString() })
    expect(await invitations.revoke(workspace.id, invitation.id, NOW)).toBe(false)
  })

  it.each([
    ['a moment before its end', INVITATION_LIFETIME_MS - 1, true],
    ['at its end', INVITATION_LIFETIME_MS, false],
  ])('%s: %s', async (_, ms, works) => {
    const { workspace } = await made()
    const member = memberOf('member')
    const invitation = await invited(workspace.id, member.email)
    const joining = workspaces.joining(workspace, member)
    expect(await invitations.accept(invitation, member.userId, later(ms), joining)).toBe(works)
    expect((await workspaces.listOf(member.userId)).length).toBe(works ? 1 : 0)
  })

  it('that was withdrawn lets nobody in, nor does one of a member', async () => {
    const { owner, workspace } = await made()
    const member = memberOf('member')
    const withdrawn = await invited(workspace.id, member.email)
    expect(await invitations.revoke(workspace.id, withdrawn.id, NOW)).toBe(true)
    const joining = workspaces.joining(workspace, member)
    expect(await invitations.accept(withdrawn, member.userId, NOW, joining)).toBe(false)
    const again = await invited(workspace.id, owner.email)
    expect(await invitations.accept(again, owner.userId, NOW, workspaces.joining(workspace, owner))).toBe(false)
    expect(await invitations.find(workspace.id, again.id)).not.toHaveProperty('acceptedAt')
  })

  it('is listed newest first, a page at a time', async () => {
    const { workspace } = await made()
    const all = [
      await invited(workspace.id, 'a@example.com'),
      await invited(workspace.id, 'b@example.com'),
      await invited(workspace.id, 'c@example.com'),
    ].toSorted((a, b) => (a.id < b.id ? 1 : -1))
    expect(await invitations.list(workspace.id, 2)).toEqual(all.slice(0, 2))
    expect(await invitations.list(workspace.id, 2, all[1]?.id)).toEqual(all.slice(2))
  })
})

describe('a client', () => {
  const clientOf = (workspaceId: string): Client => ({
    id: `cli_${ulid()}`,
    workspaceId,
    name: 'App',
    role: 'member',
    scopes: ['links:read'],
    grants: ['client_credentials'],
    redirectUris: [],
    secretHash: 'ab',
    createdBy: 'usr_1',
    createdAt: NOW.toISOString(),
  })

  it('has two secrets at most, and only its own workspace replaces one', async () => {
    const workspaceId = `wsp_${ulid()}`
    const client = clientOf(workspaceId)
    await clients.create(client)
    expect(await clients.rotateSecret('wsp_other', client.id, 'cd', later(1))).toBe(false)
    expect(await clients.rotateSecret(workspaceId, client.id, 'cd', later(1))).toBe(true)
    expect(await clients.rotateSecret(workspaceId, client.id, 'ef', later(2))).toBe(true)
    const secrets = { secretHash: 'ef', previousSecretHash: 'cd', previousSecretEndsAt: later(2).toISOString() }
    expect(await access.findClient(client.id)).toEqual({ ...client, ...secrets })
    expect(JSON.stringify(await clients.list(workspaceId, 10))).not.toContain('cd')
    const { secretHash: _, ...open } = clientOf(workspaceId)
    await clients.create(open)
    expect(await clients.rotateSecret(workspaceId, open.id, 'cd', later(1))).toBe(false)
  })

  it('is listed without its secret, and is gone for good once it is removed by its own workspace', async () => {
    const workspaceId = `wsp_${ulid()}`
    const client = clientOf(workspaceId)
    await clients.create(client)
    expect(await access.findClient(client.id)).toEqual(client)
    const { secretHash: _, ...listed } = client
    expect(await clients.list(workspaceId, 10)).toEqual([listed])
    expect(await clients.remove('wsp_other', client.id)).toBe(false)
    expect(await clients.remove(workspaceId, client.id)).toBe(true)
    expect(await access.findClient(client.id)).toBeUndefined()
    expect(await clients.list(workspaceId, 10)).toEqual([])
    expect(await clients.remove(workspaceId, client.id)).toBe(false)
  })
})
