import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { type Connection, isErrorOf, ProcedureError, procedure, RpcClient, RpcServer } from '../../src/index.js'

const getUser = procedure('get-user', {
  request: z.object({ id: z.string().transform(Number) }),
  response: z.object({ born: z.string().transform((text) => new Date(text)) }),
  errors: { NotFound: z.object({ id: z.int() }), Gone: z.string().transform((text) => new Date(text)) },
})
const ping = procedure('ping', { request: z.null(), response: z.null() })

test('the contract types requests, responses and errors on both sides', () => {
  expectTypeOf<Parameters<RpcClient<typeof getUser>['call']>[0]>().toEqualTypeOf<{
    id: string
  }>()
  const client = (rabbit: Connection) => new RpcClient(rabbit, getUser)
  expectTypeOf<Awaited<ReturnType<ReturnType<typeof client>['call']>>>().toEqualTypeOf<{ born: Date }>()
  const server = (rabbit: Connection): unknown =>
    new RpcServer(rabbit, getUser, async ({ id }, { signal }) => {
      expectTypeOf(id).toEqualTypeOf<number>()
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
      return { born: '2000-01-01' }
    })
  const wrong = (rabbit: Connection): unknown =>
    // @ts-expect-error the response is another one
    new RpcServer(rabbit, getUser, () => ({ born: 2000 }))
  // @ts-expect-error without a return there is no response
  const silent = (rabbit: Connection): unknown => new RpcServer(rabbit, getUser, () => undefined)
  expect([server, wrong, silent]).toHaveLength(3)
})

test('an error is thrown with the data of its code, and caught with it', () => {
  const thrown: unknown = new ProcedureError(getUser, 'NotFound', { id: 7 })
  // @ts-expect-error the data is another code's
  expect(new ProcedureError(getUser, 'NotFound', 'yesterday').code).toBe('NotFound')
  // @ts-expect-error there is no such code
  expect(() => new ProcedureError(getUser, 'Lost', {})).toThrow('declares NotFound, Gone')
  // @ts-expect-error it declares none
  expect(() => new ProcedureError(ping, 'NotFound', { id: 7 })).toThrow('ping')
  if (!isErrorOf(getUser, thrown)) throw thrown
  expectTypeOf(thrown.code).toEqualTypeOf<'NotFound' | 'Gone'>()
  if (thrown.code === 'NotFound') expectTypeOf(thrown.data).toEqualTypeOf<{ id: number }>()
  else expectTypeOf(thrown.data).toEqualTypeOf<Date>()
  expect(thrown).toMatchObject({ code: 'NotFound', data: { id: 7 }, procedure: 'get-user' })
})

test('an error is one of the procedure only by its name and a code that is declared', () => {
  const other = procedure('other', { request: z.null(), response: z.null(), errors: { NotFound: z.null() } })
  expect(isErrorOf(getUser, new ProcedureError(other, 'NotFound', null))).toBe(false)
  expect(isErrorOf(ping, new ProcedureError(getUser, 'NotFound', { id: 7 }))).toBe(false)
  for (const odd of [
    undefined,
    null,
    'NotFound',
    { name: 'ProcedureError', code: 'NotFound' },
    new Error('NotFound'),
  ]) {
    expect(isErrorOf(getUser, odd)).toBe(false)
  }
  // Another copy of the package has made it.
  const foreign = Object.assign(new Error(), { name: 'ProcedureError', procedure: 'get-user', code: 'NotFound' })
  expect(isErrorOf(getUser, foreign)).toBe(true)
})
