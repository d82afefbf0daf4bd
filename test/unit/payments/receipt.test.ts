import { describe, expect, it } from 'vitest'
import { newOrder } from '../../../functions/payments/orders/order.ts'
import { counterName, newReceipt, numberOf } from '../../../functions/payments/receipts/receipt.ts'
import { receiptMail, receiptPage } from '../../../functions/payments/receipts/receipt-page.ts'
import { START, WORKSPACE } from './payment-world.ts'

const line = { description: '<script>Lamp</script>', quantity: 2, unitAmount: 2_100, amount: 4_200 }
const order = {
  ...newOrder(
    {
      id: 'ord_01KAK2V5B8Y3QK4M6T9X0ZCEGH',
      workspaceId: WORKSPACE,
      amount: 4_200,
      currency: 'usd',
      source: 'backlot',
      externalId: 'cs_test_1',
      email: 'payer@example.com',
      lines: [line],
    },
    START,
  ),
  captured: 4_200,
}
const receipt = newReceipt(order, '2026-000042', 'Corner\nShop', START)

describe('a receipt', () => {
  it('is counted by year', () => {
    const newYear = new Date('2027-01-01T00:00:00.000Z')
    expect([counterName(START), counterName(newYear)]).toEqual(['receipts-2026', 'receipts-2027'])
    expect([numberOf(1, START), numberOf(1_000_000, newYear)]).toEqual(['2026-000001', '2027-1000000'])
  })

  it('has the id of its order, so that there is one', () => {
    expect(receipt.id).toBe('rct_01KAK2V5B8Y3QK4M6T9X0ZCEGH')
  })

  it('of an order without lines says what it is about', () => {
    const bare = newReceipt({ ...order, lines: [], description: 'A lamp' }, '2026-000043', 'Shop', START)
    expect(bare.lines).toEqual([{ description: 'A lamp', quantity: 1, unitAmount: 4_200, amount: 4_200 }])
  })

  it('shows everything as text, never as HTML', () => {
    for (const text of [receiptPage(receipt).body, receiptMail(receipt).html]) {
      expect(text).toContain('&lt;script&gt;Lamp&lt;/script&gt;')
      expect(text).not.toContain('<script>')
      expect(text).toContain('$42.00')
    }
    expect(receiptPage(receipt).headers['Content-Security-Policy']).toContain("default-src 'none'")
  })

  it('has a subject of one line', () => {
    const { subject, text } = receiptMail(receipt)
    expect(subject).toBe('Receipt 2026-000042 from Corner Shop')
    expect(text).toContain('2 × <script>Lamp</script>: $42.00')
  })
})
