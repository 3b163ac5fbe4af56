import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytes, cell, count, day, duration, fixed, grouped, money, none, p, percent, short, signed, size, spread } from '../../src/lib/format.ts'

const plain = (text: string) => text.replace(/[\u00a0\u2009]/g, ' ')

test('a missing number is a dash and zero is not', () => {
  for (const of of [fixed, signed, short, bytes, count, duration, money, p, percent]) for (const v of [null, undefined, NaN, Infinity]) assert.equal(of(v as number), none)
  assert.equal(fixed(0), '0.000')
  assert.equal(duration(0), '0 s'.replace(' ', '\u00a0'))
})

test('signs', () => {
  assert.equal(signed(0.0123), '+0.012')
  assert.equal(signed(-0.03), '−0.030')
  assert.equal(signed(-0.0001), '0.000')
  assert.equal(fixed(-0.0001), '0.000')
})

test('three digits', () => {
  assert.equal(short(0.00024), '2.4e−4')
  assert.equal(short(0.0021), '0.0021')
  assert.equal(plain(short(1234567)), '1 234 567')
  assert.equal(short(123456789), '1.23e8')
  assert.equal(short(0), '0')
})

test('sizes and counts', () => {
  assert.equal(plain(bytes(999)), '999 B')
  assert.equal(plain(bytes(999_999)), '1 MB')
  assert.equal(plain(bytes(16723181568)), '16.7 GB')
  assert.equal(plain(count(19069955)), '19.1 M')
  assert.equal(plain(grouped(-1234)), '−1 234')
  assert.equal(size([24, 96, 96]), '24 × 96 × 96')
  assert.equal(size(null), none)
})

test('times are at most two units', () => {
  assert.equal(plain(duration(0.42)), '0.4 s')
  assert.equal(plain(duration(89)), '89 s')
  assert.equal(plain(duration(360)), '6 min')
  assert.equal(plain(duration(3600 * 4 + 60 * 12)), '4 h 12 min')
  assert.equal(plain(duration(3600 * 52)), '2 d 4 h')
  assert.equal(plain(duration(86400 * 30)), '30 d')
  assert.equal(plain(duration(-60)), '−60 s')
})

test('money, p, percent, spread', () => {
  assert.equal(plain(money(612)), '$612')
  assert.equal(money(0.526), '$0.53')
  assert.equal(plain(money(1387, 'CHF')), '1 387 CHF')
  assert.equal(p(0.0004), '< 0.001')
  assert.equal(p(0.0314), '0.031')
  assert.equal(plain(percent(0.951, 1)), '95.1 %')
  assert.equal(spread(0.712, 0.04), '0.71 ± 0.04')
  assert.equal(spread(0.712, null), '0.71')
})

test('dates', () => {
  const now = new Date(2026, 10, 26, 20, 0).getTime()
  assert.equal(day(new Date(2026, 10, 26, 9, 5).getTime(), now), 'today 09:05')
  assert.equal(day(new Date(2026, 10, 12).getTime(), now), '12 Nov')
  assert.equal(day(new Date(2024, 0, 3).getTime(), now), '3 Jan 2024')
  assert.equal(day(null), none)
  assert.equal(day('nonsense'), none)
})

test('any value in a cell', () => {
  assert.equal(cell([64, 64, 32]), '64 × 64 × 32')
  assert.equal(cell(['a', 'b']), 'a, b')
  assert.equal(cell(true), 'yes')
  assert.equal(cell(''), none)
  assert.equal(cell({ kind: 'unet' }), 'kind unet')
})
