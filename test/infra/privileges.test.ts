/**
 * What each function may do, in full. A new grant is a new word here, which a reviewer sees. Left out is what every function
 * of its kind has: logs, traces, and receiving from the queue or stream that it consumes.
 */
import { beforeAll, expect, it } from 'vitest'
import { actionsOf, type Backlot, backlot, resourcesOf, statementsOf } from './backlot.ts'

const OF_ITS_KIND =
  /^(logs|xray):|Stream|GetRecords|GetShardIterator|ReceiveMessage|ChangeMessageVisibility|DeleteMessage|sqs:GetQueue/

/** By ServiceTable.grantReadWrite; scans and the table itself are in nobody's hands. */
const READ_WRITE =
  'dynamodb:BatchGetItem dynamodb:BatchWriteItem dynamodb:ConditionCheckItem dynamodb:DeleteItem dynamodb:GetItem dynamodb:PutItem dynamodb:Query dynamodb:UpdateItem'
/** Beside it, the secret that keys and cursors are checked with. */
const API = `${READ_WRITE} secretsmanager:GetSecretValue`
/** Events to the bus, and what could not be told to its dead-letter queue. */
const PUBLISHER = 'events:PutEvents sqs:SendMessage'

const PRIVILEGES: Readonly<Record<string, string>> = {
  'auth/api': `${API} sqs:SendMessage`,
  'auth/oauth2': `${API} kms:GetPublicKey kms:Sign`,
  'auth/publish-events': PUBLISHER,
  'auth/send-mails':
    'dynamodb:GetItem dynamodb:PutItem dynamodb:Query dynamodb:UpdateItem secretsmanager:GetSecretValue sqs:SendMessage',
  'docs/api': '',
  'etl/announce': 'dynamodb:GetItem dynamodb:UpdateItem',
  'etl/api': `${API} lambda:InvokeFunction s3:GetObject s3:ListBucket s3:PutObject`,
  'etl/check-quality': 'dynamodb:GetItem s3:GetObject s3:ListBucket',
  'etl/commit': 'dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem s3:GetObject s3:ListBucket s3:PutObject',
  'etl/convert': 'dynamodb:GetItem s3:GetObject s3:ListBucket s3:PutObject',
  'etl/fail-run': 'dynamodb:GetItem dynamodb:UpdateItem s3:GetObject s3:ListBucket',
  'etl/land-clicks': 's3:ListBucket s3:PutObject',
  'etl/plan': 'dynamodb:GetItem dynamodb:UpdateItem s3:GetObject s3:ListBucket',
  'etl/publish-events': PUBLISHER,
  'etl/query': 'dynamodb:GetItem dynamodb:PutItem s3:GetObject s3:ListBucket',
  'etl/start-run': 'dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem sqs:SendMessage states:StartExecution',
  'links/api': API,
  'links/count-clicks': 'dynamodb:BatchGetItem dynamodb:PutItem dynamodb:UpdateItem events:PutEvents',
  'links/forget-clicks': 'dynamodb:BatchWriteItem dynamodb:PutItem dynamodb:Query sqs:SendMessage',
  'links/publish-events': PUBLISHER,
  'links/redirect': 'dynamodb:GetItem sqs:SendMessage',
  'payments/api': `${API} sqs:SendMessage`,
  'payments/apply-webhooks': 'dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem',
  'payments/checkout': API,
  'payments/fan-out-events': 'dynamodb:BatchGetItem dynamodb:GetItem dynamodb:PutItem dynamodb:Query sqs:SendMessage',
  'payments/forward-changes': 'sqs:SendMessage',
  'payments/issue-receipts': 'dynamodb:GetItem dynamodb:PutItem dynamodb:Query sqs:SendMessage',
  'payments/publish-events': PUBLISHER,
  'payments/receive-webhooks': 'dynamodb:GetItem dynamodb:PutItem secretsmanager:GetSecretValue',
  'payments/stripe': API,
  'payments/tick': 'dynamodb:GetItem dynamodb:PutItem dynamodb:Query sqs:SendMessage',
  'schedules/api': `${API} sqs:SendMessage`,
  'schedules/fire': 'dynamodb:DeleteItem dynamodb:GetItem dynamodb:PutItem sqs:SendMessage',
  'schedules/publish-events': PUBLISHER,
  'schedules/record-tasks': 'dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem sqs:SendMessage',
  'schedules/start-tasks': 'dynamodb:UpdateItem sqs:SendMessage',
  'schedules/tick': 'dynamodb:PutItem dynamodb:Query sqs:SendMessage',
  'tasks/accept-commands': 'dynamodb:GetItem dynamodb:PutItem dynamodb:Query sqs:SendMessage',
  'tasks/api': `${API} sqs:SendMessage`,
  'tasks/dispatch': 'dynamodb:GetItem dynamodb:PutItem dynamodb:Query lambda:InvokeFunction sqs:SendMessage',
  'tasks/publish-events': PUBLISHER,
  'tasks/run':
    'dynamodb:BatchGetItem dynamodb:GetItem dynamodb:PutItem dynamodb:Query secretsmanager:GetSecretValue ses:SendEmail sqs:SendMessage',
  'tasks/tick': 'dynamodb:Query sqs:SendMessage',
  'tasks/wake-queues': 'sqs:SendMessage',
}

let app: Backlot
beforeAll(async () => {
  app = await backlot('prod')
})

const inOrder = (actions: readonly string[]): string => actions.toSorted().join(' ')

/** `auth/api` for functions/auth/api.lambda.ts and what it may do. */
function privileges(): [name: string, actions: string][] {
  return [...app.templates.values()].flatMap((template) =>
    resourcesOf(template)
      .filter(({ Type, Properties }) => Type === 'AWS::Lambda::Function' && Properties.Description !== undefined)
      .map(({ Properties }): [string, string] => {
        const name = /^functions\/(.+)\.lambda\.ts$/.exec(Properties.Description)?.[1] ?? Properties.Description
        const actions = actionsOf(statementsOf(template, Properties.Role['Fn::GetAtt'][0]))
        const own = new Set(actions.filter((action) => !OF_ITS_KIND.test(action)))
        return [name, inOrder([...own])]
      }),
  )
}

it('each function may do this, and nothing else', () => {
  const expected = Object.entries(PRIVILEGES).map(([name, actions]) => [name, inOrder(actions.split(' '))])
  expect(Object.fromEntries(privileges())).toEqual(Object.fromEntries(expected))
})
