/**
 * Stripe's lists: newest first, paged by the ids of objects instead of cursors
 * (https://docs.stripe.com/api/pagination). A list is a range of an index; what an index can't tell is filtered while
 * reading, up to a limit.
 */
import * as z from 'zod'
import { SECOND } from '#core/clock.ts'
import type { Listed, ListPosition, ListRange, ObjectsStore } from '../objects/objects.store.ts'
import type { StoredObject } from '../objects/objects.ts'
import type { Body } from './expand.ts'
import { id, integer } from './parameters.ts'
import { invalidRequest, resourceMissing } from './stripe-error.ts'

const DEFAULT_LIMIT = 10
export const MAX_LIMIT = 100
/** Stripe's times are seconds in ten digits until the year 2286. */
const MAX_TIME = 9_999_999_999
const time = integer(0, MAX_TIME).optional()

/** Spread into a list's parameters. */
export const listParameters = {
  limit: integer(1, MAX_LIMIT).default(DEFAULT_LIMIT).meta({ description: 'How many objects at most.' }),
  starting_after: id.optional().meta({ description: 'The id of the object that the page comes after.' }),
  ending_before: id.optional().meta({ description: 'The id of the object that the page ends before.' }),
  created: z
    .union([integer(0, MAX_TIME), z.strictObject({ gt: time, gte: time, lt: time, lte: time })])
    .optional()
    .meta({ description: 'When the objects were made, in epoch seconds: this one, or `created[gte]=` and the like.' }),
}

export interface ListParameters {
  readonly limit: number
  readonly starting_after?: string | undefined
  readonly ending_before?: string | undefined
  readonly created?:
    | number
    | {
        readonly gt?: number | undefined
        readonly gte?: number | undefined
        readonly lt?: number | undefined
        readonly lte?: number | undefined
      }
    | undefined
}

export interface List<Row extends ListPosition> {
  /** As in the answer: `/v1/customers`. */
  readonly url: string
  /** As in a refusal: `customer`. */
  readonly noun: string
  find(id: string): Promise<Row | undefined>
  read(range: ListRange): Promise<Listed<Row>>
  show(row: Row): Body
  readonly ownerId?: string | undefined
  readonly where?: ((row: Row) => boolean) | undefined
}

/** The list of a kind of objects, without its filters. */
export const objectList = <T extends StoredObject>(
  objects: ObjectsStore,
  kind: T['kind'],
  workspaceId: string,
  { url, show }: Pick<List<T>, 'url' | 'show'>,
): List<T> => ({
  ...{ url, noun: kind, show },
  find: (objectId) => objects.get<T>(kind, workspaceId, objectId),
  read: (range) => objects.list<T>(kind, workspaceId, range),
})

export async function listBody<Row extends ListPosition>(list: List<Row>, parameters: ListParameters): Promise<Body> {
  const { limit } = parameters
  const range = { ...(await rangeOf(list, parameters)), ownerId: list.ownerId }
  const { items, hasMore } =
    list.where === undefined ? await list.read({ ...range, limit }) : await filtered(list, list.where, range, limit)
  return { object: 'list', data: items.map((row) => list.show(row)), has_more: hasMore, url: list.url }
}

type Bounds = Omit<ListRange, 'limit'>

async function rangeOf<Row extends ListPosition>(list: List<Row>, parameters: ListParameters): Promise<Bounds> {
  const { starting_after, ending_before, created } = parameters
  if (starting_after !== undefined && ending_before !== undefined)
    throw invalidRequest('You can only use one of starting_after and ending_before.', { param: 'ending_before' })
  const [after, before] = await Promise.all([
    positionOf(list, starting_after, 'starting_after'),
    positionOf(list, ending_before, 'ending_before'),
  ])
  return { after, before, ...createdRange(created) }
}

async function positionOf<Row extends ListPosition>(list: List<Row>, id: string | undefined, param: string) {
  if (id === undefined) return undefined
  const row = await list.find(id)
  if (row === undefined) throw resourceMissing(list.noun, id, param)
  return { createdAt: row.createdAt, id: row.id }
}

/** `from` is included, `until` is not; Stripe has both kinds of both. */
export function createdRange(created: ListParameters['created']): Pick<ListRange, 'from' | 'until'> {
  if (created === undefined) return {}
  if (typeof created === 'number') return { from: iso(created), until: iso(created + 1) }
  const { gt, gte, lt, lte } = created
  const starts = [gte, gt === undefined ? undefined : gt + 1].filter((second) => second !== undefined)
  const ends = [lt, lte === undefined ? undefined : lte + 1].filter((second) => second !== undefined)
  return {
    ...(starts.length > 0 && { from: iso(Math.max(...starts)) }),
    ...(ends.length > 0 && { until: iso(Math.min(...ends)) }),
  }
}

const iso = (seconds: number): string => new Date(seconds * SECOND).toISOString()

/** Pages of a hundred: a filter that matches less than one in a hundred of what is there has to be narrowed by time. */
const MAX_PAGES_READ = 100

async function filtered<Row extends ListPosition>(
  list: List<Row>,
  where: (row: Row) => boolean,
  bounds: Bounds,
  limit: number,
): Promise<Listed<Row>> {
  const backwards = bounds.before !== undefined
  let found: readonly Row[] = []
  let range = bounds
  for (let page = 0; page < MAX_PAGES_READ; page += 1) {
    // Most of what is there usually fits: a look at twice as much as is asked for, before whole pages are read.
    const size = page === 0 ? Math.min(2 * limit, MAX_LIMIT) : MAX_LIMIT
    const { items, hasMore } = await list.read({ ...range, limit: size })
    const fitting = items.filter(where)
    found = backwards ? [...fitting, ...found] : [...found, ...fitting]
    const last = backwards ? items[0] : items.at(-1)
    if (found.length > limit || !hasMore || last === undefined)
      return { items: backwards ? found.slice(-limit) : found.slice(0, limit), hasMore: found.length > limit }
    range = backwards ? { ...range, before: last } : { ...range, after: last }
  }
  throw invalidRequest('This filter matches too few of the objects of the list. Narrow it with created.', {
    param: 'created',
  })
}
