import { test } from '@leveret/testing/vitest'
import { expect } from 'vitest'
import { leveret, start } from './programs.js'

test('a request is one trace over a call, a task that fails once, an event and its mail, printed as a tree', async ({
  vhost,
}) => {
  const request = start(leveret, 'request', { RABBITMQ_URL: vhost.url })
  expect(await request.ended()).toBe(0)
  expect(request.lines).toEqual([
    'POST /orders',
    '  call price',
    '    send price',
    '      process price (attempt 1, acked)',
    '  send packing',
    '    process packing (attempt 1, retried, Error, leveret.retried)',
    '    process packing (attempt 2, acked)',
    '      publish shop_events:order.*.packed',
    '        process shop_events:order.*.packed:mails (attempt 1, acked)',
  ])
})
