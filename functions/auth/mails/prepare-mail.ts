/**
 * A request for a mail → the mail, with its link stored. Whatever is asked twice comes out the same: the link is derived
 * from the request's id, and an older request never replaces a newer one's link.
 */
import type { Workspace } from '#core/access.store.ts'
import type { UsersStore } from '../people/users.store.ts'
import { formatToken, hashSecret, mailSecret } from '../secret-token.ts'
import type { InvitationsStore } from '../workspaces/invitations.store.ts'
import { type MailRequest, REGISTRATION_LIFETIME_MS, RESET_LIFETIME_MS } from './mail-request.ts'
import {
  alreadyRegisteredMail,
  invitationMail,
  type MailText,
  passwordChangedMail,
  registrationMail,
  resetMail,
} from './mails.ts'

export interface MailServices {
  readonly users: UsersStore
  readonly invitations: Pick<InvitationsStore, 'find'>
  readonly findWorkspace: (id: string) => Promise<Workspace | undefined>
  /** Derived for the purpose `mail-token`. */
  readonly tokenKey: () => Promise<Uint8Array>
  readonly publicOrigin: string
}

export interface PreparedMail extends MailText {
  readonly to: string
}

/** Undefined when there is nobody to write to. */
export async function prepareMail(request: MailRequest, services: MailServices): Promise<PreparedMail | undefined> {
  const { users, publicOrigin } = services
  switch (request.kind) {
    case 'registration':
      return { to: request.email, ...(await registration(request.email, request, services)) }
    case 'reset': {
      const user = await users.findByEmail(request.email)
      if (user === undefined) return undefined
      const secret = mailSecret(await services.tokenKey(), 'reset', request.id)
      await users.putReset(user.id, sentLink(secret, request, RESET_LIFETIME_MS))
      return { to: user.email, ...resetMail(linkTo(publicOrigin, '/auth/reset/confirm', user.id, secret)) }
    }
    case 'password_changed':
      return { to: request.email, ...passwordChangedMail(publicOrigin) }
    case 'invitation':
      return invitation(request.workspaceId, request.invitationId, services)
    default:
      return request satisfies never
  }
}

async function registration(email: string, request: MailRequest, services: MailServices): Promise<MailText> {
  const { users, publicOrigin } = services
  if ((await users.findByEmail(email)) !== undefined) return alreadyRegisteredMail(publicOrigin)
  const secret = mailSecret(await services.tokenKey(), 'registration', request.id)
  await users.putRegistration(email, sentLink(secret, request, REGISTRATION_LIFETIME_MS))
  return registrationMail(linkTo(publicOrigin, '/auth/verify', email, secret))
}

async function invitation(workspaceId: string, id: string, services: MailServices): Promise<PreparedMail | undefined> {
  const [found, workspace] = await Promise.all([
    services.invitations.find(workspaceId, id),
    services.findWorkspace(workspaceId),
  ])
  if (found === undefined || workspace === undefined) return undefined
  const secret = mailSecret(await services.tokenKey(), 'invitation', id)
  const url = linkTo(services.publicOrigin, '/auth/invitation', `${workspaceId}/${id}`, secret)
  return { to: found.email, ...invitationMail(workspace.name, url) }
}

const sentLink = (secret: string, { id, requestedAt }: MailRequest, lifetimeMs: number) => ({
  hash: hashSecret(secret),
  request: id,
  expiresAt: new Date(Date.parse(requestedAt) + lifetimeMs),
})

const linkTo = (origin: string, path: string, subject: string, secret: string): string =>
  `${origin}${path}?token=${formatToken(subject, secret)}`
