import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import type { PutEntries } from './outbox.ts'

/** Publishes to one bus. An entry that the bus refuses has its error code in the result; a failed call throws. */
export const eventBus =
  (client: EventBridgeClient, bus: string): PutEntries =>
  async (entries) => {
    const { Entries = [] } = await client.send(
      new PutEventsCommand({
        Entries: entries.map(({ source, detailType, occurredAt, detail }) => ({
          EventBusName: bus,
          Source: source,
          DetailType: detailType,
          Time: occurredAt,
          Detail: detail,
        })),
      }),
    )
    return entries.map((_, index) =>
      Entries[index]?.EventId === undefined ? (Entries[index]?.ErrorCode ?? 'NoResult') : undefined,
    )
  }
