/** Splitting an amount without losing a unit. Pure. */

/**
 * `total` in parts by `weights`, by the largest remainder: each part is its exact share rounded down or up, and their sum is
 * `total`. Of equal remainders the earlier part gets the unit.
 * @param total whole minor units, 0 or more
 * @param weights whole numbers, 0 or more, with a sum of more than 0
 */
export function allocate(total: number, weights: readonly number[]): readonly number[] {
  for (const number of [total, ...weights])
    if (!Number.isSafeInteger(number) || number < 0)
      throw new RangeError(`expected whole numbers of 0 or more, got ${number}`)
  const sum = weights.reduce((all, weight) => all + BigInt(weight), 0n)
  if (sum === 0n) throw new RangeError('expected weights with a sum of more than 0')
  // In big integers: a total times a weight passes 2^53.
  const shares = weights.map((weight, index) => {
    const exact = BigInt(total) * BigInt(weight)
    return { index, part: Number(exact / sum), remainder: exact % sum }
  })
  const parts = shares.map(({ part }) => part)
  const left = total - parts.reduce((all, part) => all + part, 0)
  const byRemainder = shares.toSorted((a, b) =>
    a.remainder === b.remainder ? a.index - b.index : a.remainder < b.remainder ? 1 : -1,
  )
  for (const { index } of byRemainder.slice(0, left)) parts[index] = (parts[index] ?? 0) + 1
  return parts
}
