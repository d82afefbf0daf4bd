import { generateKeyPairSync, sign, verify } from 'node:crypto'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { rawSignature } from '../../../functions/auth/oauth2/signature.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

it('a signature in DER is the same in JOSE’s form, leading zeros too', () => {
  for (let message = 0; message < 500; message += 1) {
    const data = Buffer.from(String(message))
    const raw = rawSignature(sign('sha256', data, privateKey))
    expect(raw).toHaveLength(64)
    expect(verify('sha256', data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, raw)).toBe(true)
  }
})

it('anything else is refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      expect(() => rawSignature(bytes)).toThrow('P-256')
    }),
  )
})
