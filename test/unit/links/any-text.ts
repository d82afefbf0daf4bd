import fc from 'fast-check'

/**
 * Text of any UTF-16 units, lone surrogates among them: what a hostile sender may put anywhere. The library's own
 * `binary` unit takes over a second to prepare.
 */
export const anyText = (constraints: { readonly maxLength?: number } = {}): fc.Arbitrary<string> =>
  fc.string({ ...constraints, unit: fc.nat({ max: 0xffff }).map((unit) => String.fromCharCode(unit)) })
