import { Duration } from 'aws-cdk-lib'
import { Match } from 'aws-cdk-lib/assertions'
import { describe, expect, it } from 'vitest'
import { ServiceFunction } from '../../infra/constructs/service-function.ts'
import { bundleFolder, functionSource } from '../../infra/sources.ts'
import { actionsOf, resourcesOf, statementsOf } from './backlot.ts'
import { IMPACT, LOCAL, PROD, SOURCE, sampleEnvironment, sampleFunction, sampleStack, synth } from './sample.ts'

const FUNCTION = 'AWS::Lambda::Function'

describe('ServiceFunction', () => {
  it('runs the bundle on Node 24 and arm64, and is described by its source', async () => {
    const stack = await sampleStack()
    sampleFunction(stack, { memoryMb: 512, timeout: Duration.seconds(7) })
    synth(stack).hasResourceProperties(FUNCTION, {
      FunctionName: 'backlot-sample-work',
      Description: SOURCE,
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: 512,
      Timeout: 7,
      Environment: { Variables: { NODE_OPTIONS: '--enable-source-maps' } },
    })
  })

  it('keeps logs in a group of its own, made before the function, for as long as the environment says', async () => {
    const stack = await sampleStack(PROD)
    sampleFunction(stack)
    const template = synth(stack)
    const [group] = resourcesOf(template).filter(({ Type }) => Type === 'AWS::Logs::LogGroup')
    expect(group).toMatchObject({
      Properties: { LogGroupName: '/aws/lambda/backlot-sample-work', RetentionInDays: 90 },
      DeletionPolicy: 'Retain',
    })
    template.hasResource(FUNCTION, { DependsOn: Match.arrayWith([group?.logicalId]) })
  })

  it('may only write its logs, and trace where the target traces', async () => {
    const actions = await Promise.all(
      [LOCAL, PROD].map(async (environment) => {
        const stack = await sampleStack(environment)
        sampleFunction(stack)
        const template = synth(stack)
        const [role] = resourcesOf(template).filter(({ Type }) => Type === 'AWS::IAM::Role')
        expect(role?.Properties.ManagedPolicyArns).toBeUndefined()
        return actionsOf(statementsOf(template, role?.logicalId ?? ''))
      }),
    )
    const logs = ['logs:CreateLogStream', 'logs:PutLogEvents']
    expect(actions).toEqual([logs, [...logs, 'xray:PutTelemetryRecords', 'xray:PutTraceSegments']])
  })

  it('traces where the target can', async () => {
    const stack = await sampleStack(PROD)
    sampleFunction(stack)
    synth(stack).hasResourceProperties(FUNCTION, { TracingConfig: { Mode: 'Active' } })
  })

  it('takes its code from the folder of the machine when hot reload is asked for', async () => {
    const stack = await sampleStack(LOCAL, { 'backlot:hotReload': true })
    sampleFunction(stack)
    synth(stack).hasResourceProperties(FUNCTION, {
      Code: { S3Bucket: 'hot-reload', S3Key: bundleFolder(functionSource(SOURCE), stack.root) },
    })
  })

  it('refuses a source that is not there, of another service, or misnamed', async () => {
    const make = (source: string) => async () => sampleFunction(await sampleStack(), { source })
    await expect(make('functions/sample/gone.lambda.ts')).rejects.toThrow('gone.lambda.ts, got none')
    await expect(make('functions/other/work.lambda.ts')).rejects.toThrow('got none')
    await expect(make('functions/sample/work.ts')).rejects.toThrow('functions/<service>/<name>.lambda.ts')
  })

  it('refuses a source of another service', async () => {
    const stack = await sampleStack()
    Object.assign(stack, { service: 'other' })
    expect(() => sampleFunction(stack)).toThrow('expected a function of the service other')
  })
})

describe('the variables of a ServiceFunction', () => {
  const make = async (variables: Partial<Record<'QUEUE_URL' | 'TABLE', string>>) => {
    const stack = await sampleStack()
    const props = { source: SOURCE, environment: sampleEnvironment, monitoring: IMPACT, variables }
    return { stack, fn: new ServiceFunction(stack, 'Work', props) }
  }

  it('are set when all that are declared have a value', async () => {
    const { stack, fn } = await make({ TABLE: 'a-table' })
    fn.setVariable('QUEUE_URL', 'a-queue')
    const set = { Variables: { NODE_OPTIONS: Match.anyValue(), QUEUE_URL: 'a-queue', TABLE: 'a-table' } }
    synth(stack).hasResourceProperties(FUNCTION, { Environment: Match.objectEquals(set) })
  })

  it('fail the synth when a declared one has no value', async () => {
    const { stack } = await make({ TABLE: 'a-table' })
    expect(() => synth(stack)).toThrow('expected the variable QUEUE_URL, which the function declares')
  })

  it('are refused when they are not declared', async () => {
    const { fn } = await make({})
    expect(() => fn.setVariable('TYPO' as 'TABLE', 'x')).toThrow('declares (QUEUE_URL, TABLE), got TYPO')
  })

  it('are refused when they have a value already', async () => {
    const { fn } = await make({ TABLE: 'a-table' })
    fn.setVariable('TABLE', 'a-table')
    expect(() => fn.setVariable('TABLE', 'another')).toThrow('to be set once, got a-table and another')
  })
})

describe('the alarms of a ServiceFunction', () => {
  it('say the impact, link the runbook and tell the alarms topic', async () => {
    const stack = await sampleStack(PROD)
    sampleFunction(stack, { timeout: Duration.seconds(10) })
    const alarms = resourcesOf(synth(stack)).filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
    expect(alarms.map(({ Properties }) => [Properties.AlarmName, Properties.MetricName, Properties.Threshold])).toEqual(
      [
        ['backlot-sample-work-errors', 'Errors', 1],
        ['backlot-sample-work-throttles', 'Throttles', 1],
        ['backlot-sample-work-duration', 'Duration', 8_000],
      ],
    )
    expect(alarms[0]?.Properties).toMatchObject({
      AlarmDescription: 'Nobody notices. Runbook: docs/operations.md#sample-work-errors',
      AlarmActions: [expect.anything()],
    })
    expect(JSON.stringify(alarms[0]?.Properties.AlarmActions)).toContain(':sns:eu-west-1:111111111111:backlot-alarms')
  })

  it('are left out for a reason', async () => {
    const stack = await sampleStack(PROD)
    sampleFunction(stack, { monitoring: { unmonitored: 'a test' } })
    synth(stack).resourceCountIs('AWS::CloudWatch::Alarm', 0)
  })

  it('are not made on a laptop, where nobody is told', async () => {
    const stack = await sampleStack(LOCAL)
    sampleFunction(stack)
    synth(stack).resourceCountIs('AWS::CloudWatch::Alarm', 0)
  })
})
