import { type Application, application, directExchange, subscription, workQueue } from 'leveret'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type Change, contractsDocument, diffContracts } from '../../src/index.js'

function applicationWith(parts: Partial<Omit<Application, 'kind' | 'name' | 'version'>>): Application {
  return application({ name: 'a', version: '1', ...parts })
}

function changes(
  before: Parameters<typeof applicationWith>[0],
  after: Parameters<typeof applicationWith>[0],
): readonly Change[] {
  return diffContracts(contractsDocument([applicationWith(before)]), contractsDocument([applicationWith(after)]))
}

const payload = z.object({ n: z.int() })

describe('a change of contracts', () => {
  test('none is none, also after it was written and read', () => {
    const document = contractsDocument([applicationWith({ works: [workQueue('q', { payload })] })])
    expect(diffContracts(JSON.parse(JSON.stringify(document)), document)).toEqual([])
  })

  test('delaysMs is topology: the queue that stays behind is named', () => {
    const of = (delaysMs: number[]) => ({ works: [workQueue('q', { payload, retry: { delaysMs } })] })
    expect(changes(of([1_000, 30_000]), of([1_000, 60_000]))).toEqual([
      expect.objectContaining({
        contract: 'work-queue q',
        side: 'topology',
        path: 'delaysMs',
        text: expect.stringContaining('q.retry.30000 stays on the broker'),
      }),
    ])
  })

  test('another argument of a queue that exists is refused by the broker', () => {
    const found = changes(
      { works: [workQueue('q', { payload })] },
      { works: [workQueue('q', { payload, queue: { singleActive: true } })] },
    )
    expect(found).toEqual([
      expect.objectContaining({
        contract: 'queue q',
        side: 'topology',
        answer: 'breaks',
        path: 'x-single-active-consumer',
        text: expect.stringContaining('406'),
      }),
    ])
  })

  test('a template that is gone breaks senders, and leaves subscribers without messages', () => {
    const exchange = (templates: Record<string, z.ZodType<{ n: number }>>) => ({
      publishes: [directExchange('e', templates)],
    })
    expect(changes(exchange({ a: payload, b: payload }), exchange({ a: payload }))).toMatchObject([
      { side: 'routing', answer: 'breaks', path: 'b' },
    ])
    expect(changes(exchange({ a: payload }), exchange({ a: payload, b: payload }))).toMatchObject([
      { side: 'forward', answer: 'cannot tell', path: 'b' },
    ])
  })

  test('a dead-letter queue of another name leaves old letters behind', () => {
    const of = (queue: string) => ({ works: [workQueue('q', { payload, deadLetter: { queue } })] })
    expect(changes(of('old'), of('new'))).toContainEqual(
      expect.objectContaining({
        side: 'topology',
        path: 'deadLetter',
        text: expect.stringContaining('old letters stay behind in old'),
      }),
    )
  })

  test('a binding key that is gone stays on the broker', () => {
    const exchange = directExchange('e', { a: payload, b: payload })
    const of = (bindingKeys: ('a' | 'b')[]) => ({ subscribes: [subscription('s', { of: exchange, bindingKeys })] })
    expect(changes(of(['a', 'b']), of(['a']))).toMatchObject([{ path: 'bindingKeys', side: 'topology' }])
  })
})
