/**
 * The inbox of a local cloud: `/inbox` for people, `/api/tasks/inbox` for programs. Public, because everybody on the
 * machine may read these mails; not there at all where mails are real (`infra/capabilities.ts`, `inbox`).
 */
import * as z from 'zod'
import { pageOf, pageParameters } from '#core/pagination.ts'
import { Problem } from '#core/problem.ts'
import { routeOf } from '#core/route.ts'
import type { TasksServices } from '../tasks-services.ts'
import type { InboxStore } from './inbox.store.ts'
import { inboxPage, MAIL_POLICY } from './inbox.ts'

export interface InboxServices extends TasksServices {
  readonly inbox: InboxStore
}

const route = routeOf<InboxServices>()

const mailBody = z
  .strictObject({
    id: z.string(),
    from: z.string(),
    to: z.array(z.string()),
    subject: z.string(),
    text: z.string(),
    html: z.string(),
    sentAt: z.iso.datetime(),
  })
  .meta({ id: 'ReceivedMail', description: 'A mail that a local cloud kept.' })

const PAGE = { contentType: 'text/html; charset=utf-8', body: z.string() }

const listMails = route({
  method: 'GET',
  path: '/api/tasks/inbox',
  operationId: 'listMails',
  summary: 'List the mails of a local cloud',
  description: 'Newest first, one page of the latest.',
  permission: 'public',
  query: z.object({
    limit: pageParameters.limit,
    to: z.string().max(320).optional().meta({ description: 'Only those to this address.' }),
  }),
  answers: { 200: { description: 'The mails.', body: pageOf(mailBody) } },
  async handle({ query }, { inbox }) {
    const mails = await inbox.list(query.to)
    return { status: 200, body: { items: mails.slice(0, query.limit), nextCursor: null } }
  },
})

const readInbox = route({
  method: 'GET',
  path: '/inbox',
  operationId: 'readInbox',
  summary: 'Read the mails of a local cloud',
  permission: 'public',
  answers: { 200: { description: 'A page.', ...PAGE } },
  async handle(_, { inbox }) {
    const { body, headers } = inboxPage(await inbox.list(undefined))
    return { status: 200, body, headers }
  },
})

const readMail = route({
  method: 'GET',
  path: '/inbox/{id}',
  operationId: 'readMail',
  summary: 'Read one mail of a local cloud as HTML',
  permission: 'public',
  params: z.object({ id: z.string() }),
  answers: { 200: { description: "The mail's HTML.", ...PAGE } },
  problems: ['not_found'],
  async handle({ params }, { inbox }) {
    const mail = (await inbox.list(undefined)).find(({ id }) => id === params.id)
    if (mail === undefined) throw new Problem('not_found', `there is no mail ${params.id.slice(0, 64)}`)
    return { status: 200, body: mail.html, headers: { 'content-security-policy': MAIL_POLICY } }
  },
})

export const inboxRoutes = [listMails, readInbox, readMail]
