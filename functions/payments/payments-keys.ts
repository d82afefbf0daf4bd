/**
 * Keys of the table `backlot-payments` and its three indexes; the README of this folder has the access patterns. Pure.
 *
 *   object                OBJECT#<ws>#<id>                     OBJECT                       …StoredObject, listPk listSk ownerPk ownerSk
 *   event                 EVENT#<ws>#<event id>                EVENT                        …EventRow, listPk listSk ownerPk ownerSk
 *   external payment      REF#<ws>#<source>#<external id>      ORDER                        workspaceId orderId
 *   ledger transaction    LEDGER#<ws>#<business key>           TRANSACTION                  …LedgerTransaction, listPk listSk
 *   account entry         ACCOUNT#<ws>#<account>#<currency>    ENTRY#<time>#<key>#<n>       …LedgerEntry
 *   account balance       ACCOUNT#<ws>#<account>#<currency>    BALANCE#<shard>              debits credits entries, listPk listSk
 *   idempotency key       KEY#<ws>#<sha256 of key>             KEY                          ttl
 *   webhook source        SOURCE#<source id>                   SOURCE                       listPk listSk
 *   received webhook      RECEIVED#<source id>#<message id>    WEBHOOK                      listPk listSk ownerPk ownerSk
 *   delivery              DELIVERY#<ws>#<endpoint>#<event id>  DELIVERY                     listPk listSk ownerPk ownerSk
 *   attempt of a delivery DELIVERY#<ws>#<endpoint>#<event id>  ATTEMPT#<n>
 *   counter               COUNTER#<ws>#<name>                  COUNTER                      value
 *
 *   index `list`    listPk = <ws>#<kind>                listSk = <created>#<id>
 *   index `owner`   ownerPk = <ws>#<kind>#<owner id>    ownerSk = <created>#<id>      charges of an intent, prices of a product …
 *   index `due`     duePk = DUE#<shard>                 dueSk = <time>#<kind>#<ws>#<id>   objects that the clock shall look at then
 *                   duePk = PARKED#<ws>#<endpoint>      dueSk = <created>#<event id>      deliveries that wait with their endpoint
 *
 * <ws> is the id of the workspace; times are RFC 3339 with milliseconds and `Z`, so they sort as text; `ttl` is in epoch
 * seconds. Ids and account names have no `#`; business keys and external ids come last or are the whole rest.
 */
import { type TableKey as Key, TTL_ATTRIBUTE } from '#core/table.ts'

export const LIST_INDEX = 'list'
export const OWNER_INDEX = 'owner'
export const DUE_INDEX = 'due'

/** The kinds of objects and what their ids begin with: Stripe's, where Stripe has the object. */
export const ID_PREFIXES = {
  customer: 'cus',
  product: 'prod',
  price: 'price',
  'checkout.session': 'cs_test',
  payment_intent: 'pi',
  charge: 'ch',
  refund: 're',
  webhook_endpoint: 'we',
  order: 'ord',
  receipt: 'rct',
} as const
export type ObjectKind = keyof typeof ID_PREFIXES

/** Of rows that are no objects, in the indexes. */
export type ListKind = ObjectKind | 'event' | 'ledger' | 'account' | 'source' | 'received' | 'delivery'

export const objectKey = (workspaceId: string, id: string): Key => ({ pk: `OBJECT#${workspaceId}#${id}`, sk: 'OBJECT' })

/** The streams' filters know events and received webhooks by these. */
export const EVENTS_PREFIX = 'EVENT#'
export const RECEIVED_PREFIX = 'RECEIVED#'
export const isEventKey = ({ pk }: Key): boolean => pk.startsWith(EVENTS_PREFIX)
export const isReceivedKey = ({ pk }: Key): boolean => pk.startsWith(RECEIVED_PREFIX)

export const eventKey = (workspaceId: string, id: string): Key => ({
  pk: `${EVENTS_PREFIX}${workspaceId}#${id}`,
  sk: 'EVENT',
})

/** Which order an external payment belongs to. */
export const referenceKey = (workspaceId: string, source: string, externalId: string): Key => ({
  pk: `REF#${workspaceId}#${source}#${externalId}`,
  sk: 'ORDER',
})

export const ledgerKey = (workspaceId: string, businessKey: string): Key => ({
  pk: `LEDGER#${workspaceId}#${businessKey}`,
  sk: 'TRANSACTION',
})
export const accountPartition = (workspaceId: string, account: string, currency: string): string =>
  `ACCOUNT#${workspaceId}#${account}#${currency}`
export const ENTRY_PREFIX = 'ENTRY#'
/** `position` is that of the posting in its transaction, from 0. */
export const entrySortKey = (at: string, businessKey: string, position: number): string =>
  `${ENTRY_PREFIX}${at}#${businessKey}#${position}`
export const balanceSortKey = (shard: number): string => `BALANCE#${shard}`

/** `keyHash` is the SHA-256 of the key that the caller sent, as hex. */
export const idempotencyKey = (workspaceId: string, keyHash: string): Key => ({
  pk: `KEY#${workspaceId}#${keyHash}`,
  sk: 'KEY',
})

export const sourceKey = (sourceId: string): Key => ({ pk: `SOURCE#${sourceId}`, sk: 'SOURCE' })
export const receivedKey = (sourceId: string, messageId: string): Key => ({
  pk: `${RECEIVED_PREFIX}${sourceId}#${messageId}`,
  sk: 'WEBHOOK',
})

export const deliveryPartition = (workspaceId: string, endpointId: string, eventId: string): string =>
  `DELIVERY#${workspaceId}#${endpointId}#${eventId}`
export const ATTEMPT_PREFIX = 'ATTEMPT#'
/** Wide enough for any number of tries to sort as text. */
const ATTEMPT_DIGITS = 4
export const attemptSortKey = (attempt: number): string =>
  `${ATTEMPT_PREFIX}${String(attempt).padStart(ATTEMPT_DIGITS, '0')}`

export const counterKey = (workspaceId: string, name: string): Key => ({
  pk: `COUNTER#${workspaceId}#${name}`,
  sk: 'COUNTER',
})

export const listPartition = (workspaceId: string, kind: ListKind): string => `${workspaceId}#${kind}`
export const ownerPartition = (workspaceId: string, kind: ListKind, ownerId: string): string =>
  `${workspaceId}#${kind}#${ownerId}`
export const listSortKey = (createdAt: string, id: string): string => `${createdAt}#${id}`
/** What `listSortKey` was made of. */
export function listPositionOf(sortKey: string): { readonly createdAt: string; readonly id: string } {
  const end = sortKey.indexOf('#')
  return { createdAt: sortKey.slice(0, end), id: sortKey.slice(end + 1) }
}

export interface IndexKeys {
  readonly listPk: string
  readonly listSk: string
  readonly ownerPk?: string | undefined
  readonly ownerSk?: string | undefined
}

/** Spreads what is due over partitions, so that none takes more than 1,000 writes a second. */
export const DUE_SHARDS = 8
export const duePartition = (shard: number): string => `DUE#${shard}`

/** What the clock needs to know. */
export interface DueEntry {
  readonly kind: ObjectKind
  readonly workspaceId: string
  readonly id: string
}

export interface DueKeys {
  readonly duePk: string
  readonly dueSk: string
}

/** The last character of an id is random. */
export const dueKeys = ({ kind, workspaceId, id }: DueEntry, at: string): DueKeys => ({
  duePk: duePartition(id.charCodeAt(id.length - 1) % DUE_SHARDS),
  dueSk: `${at}#${kind}#${workspaceId}#${id}`,
})

export function dueEntryOf({ dueSk }: Pick<DueKeys, 'dueSk'>): DueEntry {
  const [, kind, workspaceId, id] = dueSk.split('#')
  if (kind === undefined || workspaceId === undefined || id === undefined)
    throw new Error(`expected <time>#<kind>#<workspace>#<id>, got ${dueSk}`)
  return { kind: kind as ObjectKind, workspaceId, id }
}

export const parkedPartition = (workspaceId: string, endpointId: string): string =>
  `PARKED#${workspaceId}#${endpointId}`

/** A delivery that waits with its endpoint stands in the index `due` too, with the others of that endpoint, the oldest first. */
export const parkedKeys = (parked: {
  readonly workspaceId: string
  readonly endpointId: string
  readonly eventId: string
  readonly createdAt: string
}): DueKeys => ({
  duePk: parkedPartition(parked.workspaceId, parked.endpointId),
  dueSk: `${parked.createdAt}#${parked.eventId}`,
})
export const parkedEventOf = ({ dueSk }: Pick<DueKeys, 'dueSk'>): string => dueSk.slice(dueSk.indexOf('#') + 1)

const ONLY_OF_THE_TABLE: ReadonlySet<string> = new Set([
  ...['pk', 'sk', 'listPk', 'listSk', 'ownerPk', 'ownerSk', 'duePk', 'dueSk'],
  TTL_ATTRIBUTE,
])

/** A row without what only the table needs. */
export function rowOf<Row extends object>(item: Readonly<Record<string, unknown>>): Row {
  return Object.fromEntries(Object.entries(item).filter(([name]) => !ONLY_OF_THE_TABLE.has(name))) as Row
}

/** Of a row that is listed by kind, and by its owner where it has one. */
export function indexKeys(row: {
  readonly workspaceId: string
  readonly kind: ListKind
  readonly id: string
  readonly createdAt: string
  readonly ownerId?: string | undefined
}): IndexKeys {
  const listSk = listSortKey(row.createdAt, row.id)
  return {
    listPk: listPartition(row.workspaceId, row.kind),
    listSk,
    ...(row.ownerId !== undefined && {
      ownerPk: ownerPartition(row.workspaceId, row.kind, row.ownerId),
      ownerSk: listSk,
    }),
  }
}
