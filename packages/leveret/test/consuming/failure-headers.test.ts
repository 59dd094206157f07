import { expect, test } from 'vitest'
import { measureTable } from '../../src/connection/table.js'
import { cut, failureHeaders } from '../../src/consuming/failure-headers.js'

const settings = { queue: 'tasks.dead-letter', stack: true }

test('the stack is kept only where the contract says so', () => {
  const failure = { name: 'Error', message: 'no', stack: 'Error: no\n    at x' }
  expect(failureHeaders(failure, { ...settings, stack: false }, {})).toEqual({
    'leveret-error-name': 'Error',
    'leveret-error-message': 'no',
  })
  expect(failureHeaders(failure, settings, {})).toMatchObject({ 'leveret-error-stack': failure.stack })
})

test.each([
  ['x', 0],
  ['日', 0],
  ['😀', 0],
  ['日', 50_000],
])("whatever an error says, leveret's headers stay within 16 KiB and all of them within 64: %s", (character, user) => {
  const long = character.repeat(100_000)
  const beside = { 'leveret-queue': 'q'.repeat(200), 'leveret-routing-key': 'é'.repeat(127), tenant: 't'.repeat(user) }
  const written = failureHeaders({ name: long, message: long, stack: long }, settings, beside)
  const { tenant: _theirs, ...ours } = { ...beside, ...written }
  expect(measureTable(ours)).toBeLessThanOrEqual(16 * 1024)
  expect(measureTable({ ...beside, ...written })).toBeLessThanOrEqual(64 * 1024)
  expect(Buffer.byteLength(String(written['leveret-error-message']))).toBeLessThanOrEqual(4_096)
  expect(Buffer.byteLength(String(written['leveret-error-stack']))).toBeGreaterThan(4_096)
  expect(JSON.stringify(written)).not.toContain('\uFFFD')
})

test('a stack that has no room left is left out', () => {
  const written = failureHeaders({ name: 'E', message: 'm', stack: 's' }, settings, { tenant: 't'.repeat(63 * 1024) })
  expect(Object.keys(written)).toEqual(['leveret-error-name', 'leveret-error-message'])
})

test('what may be kept is for the contract to say', () => {
  const failure = { name: 'Error', message: 'password is tiger', stack: 'at tiger' }
  const redact = ({ name }: { name: string }): { name: string; message: string } => ({ name, message: 'hidden' })
  expect(failureHeaders(failure, { ...settings, redact }, {})).toEqual({
    'leveret-error-name': 'Error',
    'leveret-error-message': 'hidden',
  })
})

test.each([
  () => {
    throw new Error('tiger')
  },
  () => undefined,
  () => ({ name: 'tiger' }),
  async () => ({ name: 'tiger', message: 'tiger' }),
])('a redaction that fails hides everything, and loses nothing else: %s', (redact) => {
  const failure = { name: 'tiger', message: 'tiger', stack: 'tiger' }
  const written = failureHeaders(failure, { ...settings, redact: redact as never }, {})
  expect(JSON.stringify(written)).not.toContain('tiger')
  expect(written).toMatchObject({ 'leveret-error-name': 'RedactionFailed' })
})

test.each([
  ['short', 5, 'short'],
  ['longer', 5, 'lo…'],
  ['日日日', 8, '日…'],
  ['a😀😀', 8, 'a😀…'],
  ['ends \uFFFD', 99, 'ends \uFFFD'],
])('a text is cut between characters: %s to %i bytes', (text, maxBytes, expected) => {
  expect(cut(text, maxBytes)).toBe(expected)
})
