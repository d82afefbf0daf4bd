import { expect, test } from 'vitest'
import {
  failedResources,
  failureReport,
  isDamaged,
  isFinished,
  type StackEvent,
} from '../../../../local/deployer/failure.ts'

const STACK = 'AWS::CloudFormation::Stack'
const event = (id: string, type: string, status: string, reason?: string): StackEvent => ({
  EventId: `${id}-${status}`,
  LogicalResourceId: id,
  ResourceType: type,
  ResourceStatus: status,
  ResourceStatusReason: reason,
})
const REASON =
  'Resource provider operation failed: An error occurred (InvalidParameterValue) when calling the CreateQueue operation: Can only include\n  alphanumeric characters'

/** Newest first, as CloudFormation lists them: what LocalStack 4.14 says of an update that failed. */
const failedUpdate = [
  event('backlot-links', STACK, 'UPDATE_COMPLETE'),
  event('backlot-links', STACK, 'ROLLBACK_COMPLETE'),
  event('backlot-links', STACK, 'CREATE_FAILED'),
  event('Other', 'AWS::SQS::Queue', 'CREATE_FAILED', 'Resource creation cancelled'),
  event('Queue', 'AWS::SQS::Queue', 'CREATE_FAILED', REASON),
  event('Api', 'AWS::Lambda::Function', 'UPDATE_COMPLETE'),
  event('backlot-links', STACK, 'UPDATE_IN_PROGRESS'),
]
const healthyUpdate = [
  event('backlot-links', STACK, 'UPDATE_COMPLETE'),
  event('Api', 'AWS::Lambda::Function', 'UPDATE_COMPLETE'),
  event('backlot-links', STACK, 'UPDATE_IN_PROGRESS'),
]

test('an update that ended as UPDATE_COMPLETE but was rolled back is damage', () => {
  expect(isDamaged(failedUpdate)).toBe(true)
  expect(isDamaged(healthyUpdate)).toBe(false)
})

test('an operation is finished when the stack itself says so', () => {
  expect(isFinished(healthyUpdate)).toBe(true)
  expect(isFinished(healthyUpdate.slice(1))).toBe(false)
  expect(isFinished([])).toBe(false)
})

test('the resource that failed by itself is named by its construct path, its type and the bare reason', () => {
  const paths = new Map([['Queue', 'Links/Clicks/Queue/Resource']])
  expect(failedResources(failedUpdate, paths)).toEqual([
    {
      resource: 'Links/Clicks/Queue/Resource',
      type: 'AWS::SQS::Queue',
      reason:
        'An error occurred (InvalidParameterValue) when calling the CreateQueue operation: Can only include alphanumeric characters',
    },
  ])
})

test('a resource that failed twice is told once, and several in the order in which they failed', () => {
  const events = [
    event('B', 'X', 'DELETE_FAILED', 'last'),
    event('B', 'X', 'CREATE_FAILED', 'second'),
    event('A', 'X', 'CREATE_FAILED', 'first'),
  ]
  expect(failedResources(events, new Map()).map((it) => `${it.resource} ${it.reason}`)).toEqual(['A first', 'B last'])
})

test('the report is a few lines, whatever the reason', () => {
  const [failed] = failedResources([event('Q', 'AWS::SQS::Queue', 'CREATE_FAILED', 'x'.repeat(5_000))], new Map())
  const report = failureReport('Links', 'updated', failed ? [failed] : [])
  expect(report.split('\n').slice(0, 2)).toEqual(['Stack Links could not be updated:', '  Q (AWS::SQS::Queue)'])
  expect(report.split('\n')).toHaveLength(3)
  expect(report.length).toBeLessThan(500)
})

test('without a failed resource the report gives the reason of the stack', () => {
  expect(failureReport('Links', 'created', [], 'Template error: no such parameter')).toBe(
    'Stack Links could not be created:\n  Template error: no such parameter',
  )
})
