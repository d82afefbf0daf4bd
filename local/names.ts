import leven from 'leven'

/** Of the known names at most this many are suggested. */
const SUGGESTIONS = 3

/** The known names that somebody may have meant, nearest first. Never empty when anything is known. Pure. */
export function nearest(name: string, known: readonly string[]): readonly string[] {
  const distance = (candidate: string) => (candidate.includes(name) && name !== '' ? 0 : leven(candidate, name))
  return known
    .map((candidate) => ({ candidate, distance: distance(candidate) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, SUGGESTIONS)
    .map(({ candidate }) => candidate)
}
