import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CHECKOUT, CHECKOUT_STATE, homeAt, homeOf } from '../../../local/home.ts'

test('the default home is the checkout’s own folder', () => {
  expect(homeOf({})).toEqual(homeAt(join(CHECKOUT, '.backlot')))
  expect(homeOf({ BACKLOT_HOME: '' }).root).toBe(CHECKOUT_STATE)
})

test('BACKLOT_HOME moves everything that a running cloud writes', () => {
  const home = homeOf({ BACKLOT_HOME: '/elsewhere/cloud' })
  expect(Object.values(home).every((path) => path.startsWith('/elsewhere/cloud'))).toBe(true)
  expect(home.functionLogs).toBe('/elsewhere/cloud/logs/functions')
})

test('a relative BACKLOT_HOME is relative to the checkout, wherever the command runs', () => {
  expect(homeOf({ BACKLOT_HOME: 'second' }).root).toBe(join(CHECKOUT, 'second'))
})
