/** What every table of ours has in common: its key and its TTL attribute. Used by the constructs and the stores. */
export interface TableKey {
  readonly pk: string
  readonly sk: string
}

/**
 * DynamoDB deletes an item some time after this attribute, in seconds since the epoch. A cleaner, not a clock: whoever
 * reads compares the time that counts.
 */
export const TTL_ATTRIBUTE = 'ttl'

/**
 * Partition keys of the kit's own items in a service's table (idempotency records, rate-limit windows) begin with this.
 * A stream's event source filters them out.
 */
export const KIT_PREFIX = 'kit#'
