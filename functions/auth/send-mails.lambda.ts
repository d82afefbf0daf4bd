/** Requests for mails from the queue → tasks `email.send`: entry and wiring. What a mail says is in `mails/prepare-mail.ts`. */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { accessStore } from '#core/access.store.ts'
import { systemClock } from '#core/clock.ts'
import { documentClient } from '#core/document-client.store.ts'
import { CLIENT_LIMITS } from '#core/dynamo.ts'
import { kitSecret } from '#core/kit-secret.store.ts'
import { queueClient } from '#core/queue-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { sqsHandler } from '#core/sqs.ts'
import { createEnqueueTask } from '#core/task-commands.store.ts'
import { formatTraceparent } from '#core/trace.ts'
import { sendMailsEnvironment } from './environment.ts'
import { NOBODYS_WORKSPACE } from './events.ts'
import { mailRequest } from './mails/mail-request.ts'
import { type MailServices, prepareMail } from './mails/prepare-mail.ts'
import { createUsersStore } from './people/users.store.ts'
import { createInvitationsStore } from './workspaces/invitations.store.ts'

const environment = sendMailsEnvironment.read()
const dynamo = documentClient()
const access = accessStore(dynamo, environment.ACCESS_TABLE)
const secret = kitSecret(new SecretsManagerClient(CLIENT_LIMITS), environment.KIT_SECRET_ID)
const enqueueTask = createEnqueueTask(queueClient(), environment.TASK_COMMANDS_QUEUE_URL)
const services: MailServices = {
  users: createUsersStore(dynamo, environment.AUTH_TABLE),
  invitations: createInvitationsStore(dynamo, environment.AUTH_TABLE),
  findWorkspace: (id) => access.findWorkspace(id),
  tokenKey: () => secret.key('mail-token'),
  publicOrigin: environment.PUBLIC_ORIGIN,
}

export const handler = sqsHandler({
  name: 'auth/send-mails',
  clock: systemClock,
  random: systemRandom,
  schema: mailRequest,
  async handle(messages, { log }) {
    const failed: string[] = []
    for (const { id, body, trace } of messages) {
      try {
        const mail = await prepareMail(body, services)
        if (mail === undefined) continue
        const { to, subject, text, html } = mail
        const command = { id: `auth-mail#${body.id}`, workspaceId: NOBODYS_WORKSPACE, name: 'email.send' }
        const input = { to: [to], subject, text, html, tags: { kind: body.kind } }
        await enqueueTask({ ...command, input, traceparent: formatTraceparent(trace) })
      } catch (error) {
        log.fail(error)
        failed.push(id)
      }
    }
    return failed
  },
})
