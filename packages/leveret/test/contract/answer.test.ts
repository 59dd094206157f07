import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { decodeAnswer, encodeDeclared, encodeFailure, encodeResponse } from '../../src/contract/procedures/answer.js'
import { procedure } from '../../src/contract/procedures/procedure.js'
import { ProcedureError } from '../../src/contract/procedures/procedure-error.js'

const fib = procedure('fib', {
  request: z.int(),
  response: z.int(),
  errors: { TooBig: z.object({ limit: z.int() }) },
})

// Clients and servers of other versions read these. A change here needs a new major version.
test('what is on the wire is frozen', async () => {
  const contentType = 'application/json'
  expect(await encodeResponse(fib, 55)).toEqual({ contentType, content: Buffer.from('55') })
  expect(await encodeDeclared(fib, new ProcedureError(fib, 'TooBig', { limit: 90 }))).toEqual({
    contentType,
    content: Buffer.from('{"limit":90}'),
    headers: { 'leveret-error': 'declared', 'leveret-error-code': 'TooBig' },
  })
  expect(encodeFailure('failed')).toEqual({
    contentType,
    content: Buffer.from('{"issues":[]}'),
    headers: { 'leveret-error': 'failed' },
  })
  expect(encodeFailure('invalid-request', [{ path: ['n', 0], message: 'expected number' }])).toEqual({
    contentType,
    content: Buffer.from('{"issues":[{"path":["n",0],"message":"expected number"}]}'),
    headers: { 'leveret-error': 'invalid-request' },
  })
})

/** What a client makes of it, as a rejection where it is an error. */
const reading = async (...[content, properties]: [Buffer, object]): Promise<unknown> =>
  await decodeAnswer(fib, content, properties)

describe('an answer', () => {
  test.for(['failed', 'too-large', 'invalid-request'] as const)(
    'that says %s is read as it was written',
    async (reason) => {
      const { content, headers } = encodeFailure(reason, [{ path: [], message: 'odd' }])
      const issues = reason === 'invalid-request' ? [{ path: [], message: 'odd' }] : []
      await expect(reading(content, { headers })).rejects.toMatchObject({
        name: 'RpcRemoteError',
        reason,
        issues,
      })
    },
  )

  test('holds no more of what is wrong than a client can use', () => {
    const issues = Array.from({ length: 10_000 }, (_, n) => ({
      path: Array(1_000).fill(n),
      message: 'x'.repeat(10_000),
    }))
    expect(encodeFailure('invalid-request', issues).content.length).toBeLessThan(64 * 1024)
  })

  test.for(['', '{', '[]', '{"issues":7}', '{"issues":[{"path":"n","message":"m"}]}', '{"issues":[null]}'])(
    'whose issues are %j has none',
    async (body) => {
      const headers = { 'leveret-error': 'invalid-request' }
      await expect(reading(Buffer.from(body), { headers })).rejects.toMatchObject({
        reason: 'invalid-request',
        issues: [],
      })
    },
  )
})
