import { test } from '@leveret/testing/vitest'
import { expect } from 'vitest'
import { application, start } from '../programs.js'

const quotes = application('3-quotes')

test('a procedure answers with one of several shapes, or with an error that it declares', async ({ vhost }) => {
  const env = { RABBITMQ_URL: vhost.url }
  const server = start(quotes, 'server', env)
  await server.printed('quoting')

  const asked = [
    ['de', '1.5', '550 cents, 1 days'],
    ['fr', '1200', '9900 cents, 3 pallets'],
    ['at', '3', 'fetched in Vienna'],
    ['de', '2001', 'no more than 2000 kg'],
    ['nz', '1', 'only to de, fr, is'],
  ] as const
  const clients = asked.map(([to, kg]) => start(quotes, 'client', env, to, kg))
  expect(await Promise.all(clients.map((client) => client.ended()))).toEqual([0, 0, 0, 0, 0])
  expect(clients.map(({ lines }) => lines)).toEqual(asked.map(([, , said]) => [said]))

  const wrong = start(quotes, 'client', env, 'germany', '1')
  expect(await wrong.ended()).not.toBe(0)
  expect(wrong.lines.join('\n')).toMatch(/PayloadError: .*quote-parcel/)
  expect(await server.terminate()).toBe(0)
})
