import { expect, test } from 'vitest'
import type { Failure } from '../../src/errors/failure.js'
import { cut, failureHeaders, headersWithin, keptFailure } from '../../src/headers/failure-headers.js'
import { measureTable } from '../../src/message/amqp-table.js'
import type { Headers } from '../../src/message/message.js'
import { tableBytes } from '../../src/message/property-bytes.js'

/** What is kept of an error, beside other headers. */
function kept(failure: Failure, settings: Parameters<typeof keptFailure>[1], beside: Headers): Headers {
  return failureHeaders(keptFailure(failure, settings), beside)
}

const settings = { queue: 'tasks.dead-letter', stack: true }

test('the stack is kept only where the contract says so', () => {
  const failure = { name: 'Error', message: 'no', stack: 'Error: no\n    at x' }
  expect(kept(failure, { ...settings, stack: false }, {})).toEqual({
    'leveret-error-name': 'Error',
    'leveret-error-message': 'no',
  })
  expect(kept(failure, settings, {})).toMatchObject({ 'leveret-error-stack': failure.stack })
})

test.each([
  ['x', 0],
  ['日', 0],
  ['😀', 0],
  ['日', 50_000],
])("whatever an error says, leveret's headers stay within 16 KiB and all of them within 64: %s", (character, user) => {
  const long = character.repeat(100_000)
  const beside = { 'leveret-queue': 'q'.repeat(200), 'leveret-routing-key': 'é'.repeat(127), tenant: 't'.repeat(user) }
  const written = kept({ name: long, message: long, stack: long }, settings, beside)
  const { tenant: _theirs, ...ours } = { ...beside, ...written }
  expect(measureTable(ours)).toBeLessThanOrEqual(16 * 1024)
  expect(measureTable({ ...beside, ...written })).toBeLessThanOrEqual(64 * 1024)
  expect(Buffer.byteLength(String(written['leveret-error-message']))).toBeLessThanOrEqual(4_096)
  expect(Buffer.byteLength(String(written['leveret-error-stack']))).toBeGreaterThan(4_096)
  expect(JSON.stringify(written)).not.toContain('\uFFFD')
})

test('a stack that has no room left is left out', () => {
  const written = kept({ name: 'E', message: 'm', stack: 's' }, settings, { tenant: 't'.repeat(63 * 1024) })
  expect(Object.keys(written)).toEqual(['leveret-error-name', 'leveret-error-message'])
})

test('what may be kept is for the contract to say', () => {
  const failure = { name: 'Error', message: 'password is tiger', stack: 'at tiger' }
  const redact = ({ name }: { name: string }): { name: string; message: string } => ({ name, message: 'hidden' })
  expect(kept(failure, { ...settings, redact }, {})).toEqual({
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
  const written = kept(failure, { ...settings, redact: redact as never }, {})
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

const FAILURE = { name: 'Error', message: 'm'.repeat(3_000), stack: 's'.repeat(9_000) }
const OURS = { 'leveret-attempt': 2, 'leveret-exchange': 'e'.repeat(255), 'leveret-queue': 'q'.repeat(255) }

test.each([
  [16_000, { blob: 'x'.repeat(1_000) }, { stack: true, message: 3_000, leftOut: undefined }],
  [8_000, { blob: 'x'.repeat(1_000) }, { stack: true, message: 3_000, leftOut: undefined }],
  [4_000, { blob: 'x'.repeat(1_000) }, { stack: false, message: undefined, leftOut: undefined }],
  [4_000, { blob: 'x'.repeat(4_000), tenant: 'acme' }, { stack: true, message: 3_000, leftOut: 'blob' }],
  [4_000, { a: 'x'.repeat(2_000), b: 'y'.repeat(3_000) }, { stack: false, message: undefined, leftOut: 'b' }],
  [2_000, { a: 'x'.repeat(2_000), b: 'y'.repeat(3_000) }, { stack: false, message: undefined, leftOut: 'b, a' }],
])(
  'within %i bytes, the stack goes first, then the text, then the largest headers of others',
  (most, theirs, expected) => {
    const headers = headersWithin(most, { ...OURS, ...theirs }, FAILURE)
    expect(tableBytes(headers)).toBeLessThanOrEqual(most)
    expect(headers).toMatchObject(OURS)
    expect(headers['leveret-left-out']).toBe(expected.leftOut)
    const left = Object.keys(theirs).filter((name) => !(expected.leftOut?.split(', ').includes(name) ?? false))
    expect(Object.keys(headers).filter((name) => !name.startsWith('leveret-'))).toEqual(left)
    expect('leveret-error-stack' in headers).toBe(expected.stack)
    const message = String(headers['leveret-error-message'])
    if (expected.message === undefined) {
      expect(Buffer.byteLength(message)).toBeGreaterThanOrEqual(256)
      expect(tableBytes(headers)).toBeGreaterThan(most - 70)
    } else expect(message).toHaveLength(expected.message)
  },
)

test('the header of lost parts is kept when a letter loses more', () => {
  const headers = headersWithin(1_000, { 'leveret-left-out': 'blob', large: 'x'.repeat(1_000) }, FAILURE)
  expect(headers['leveret-left-out']).toBe('blob, large')
  const names = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`${n}-${'n'.repeat(200)}`, 'x']))
  expect(Buffer.byteLength(String(headersWithin(1_000, names, FAILURE)['leveret-left-out']))).toBeLessThanOrEqual(255)
})
