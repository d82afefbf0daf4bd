/** What the owners of a workspace are told when an endpoint fails for days: a mail, and the task that sends it. Pure. */
import type { Member } from '#core/access.store.ts'
import { DAY, HOUR } from '#core/clock.ts'
import { type Html, html } from '#core/html.ts'
import type { TaskCommand } from '#core/task-command.ts'
import type { NoticeStage, WebhookEndpoint } from './endpoint.ts'
import { MAX_FAILING_MS } from './health.ts'

const STYLE = 'font:16px/1.6 system-ui,sans-serif;max-width:34em;margin:0 auto;padding:24px'
const LIMIT = `${MAX_FAILING_MS / DAY} days`

interface NoticeText {
  readonly subject: string
  readonly lines: readonly string[]
}

/** 60 h → `2 days and 12 hours`. */
function spanOf(ms: number): string {
  const [days, hours] = [Math.floor(ms / DAY), Math.floor((ms % DAY) / HOUR)]
  const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`
  return hours === 0 ? count(days, 'day') : `${count(days, 'day')} and ${count(hours, 'hour')}`
}

function textOf(endpoint: WebhookEndpoint, stage: NoticeStage): NoticeText {
  const since = `The first failure was at ${endpoint.failingSince ?? endpoint.updatedAt}.`
  const path = `/api/payments/webhook-endpoints/${endpoint.id}`
  if (stage === 100) {
    const why =
      endpoint.disabled === 'gone'
        ? 'It answered 410, which means that it wants no more messages.'
        : `Not one message was delivered for ${LIMIT}.`
    return {
      subject: `Webhook endpoint ${endpoint.id} was disabled`,
      lines: [
        `The webhook endpoint ${endpoint.url} was disabled. ${why} ${since}`,
        `Enable it once it works: PATCH ${path} with {"status":"enabled"}. What it missed is sent again by POST ${path}/resend-failed.`,
      ],
    }
  }
  const [failing, left] = [(MAX_FAILING_MS * stage) / 100, (MAX_FAILING_MS * (100 - stage)) / 100]
  return {
    subject: `Webhook endpoint ${endpoint.id} has been failing for ${spanOf(failing)}`,
    lines: [
      `The webhook endpoint ${endpoint.url} has not taken a message for ${spanOf(failing)}. ${since}`,
      `It is tried once an hour; what could not be delivered waits. Unless a message is delivered it is disabled in ${spanOf(left)}.`,
      `How it answered: GET ${path}/deliveries.`,
    ],
  }
}

/** One mail for each: nobody's address is shown to others, and one that bounces keeps none back. The id makes it one, however often it is asked for. */
export function noticeCommand(
  endpoint: WebhookEndpoint,
  stage: NoticeStage,
  { userId, email }: Pick<Member, 'userId' | 'email'>,
  traceparent: string,
): TaskCommand {
  const { subject, lines } = textOf(endpoint, stage)
  const paragraphs: readonly Html[] = lines.map((line) => html`<p>${line}</p>`)
  const body = html`<!doctype html><html lang="en"><body style="${STYLE}"><h1>${subject}</h1>${paragraphs}</body></html>`
  return {
    id: `webhook-notice#${endpoint.id}#${endpoint.failingSince ?? ''}#${stage}#${userId}`,
    workspaceId: endpoint.workspaceId,
    name: 'email.send',
    input: {
      to: [email],
      subject,
      text: `${lines.join('\n\n')}\n`,
      html: body.toString(),
      tags: { kind: 'webhook-notice' },
    },
    traceparent,
  }
}
