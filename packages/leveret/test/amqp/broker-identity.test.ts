import { expect, test } from 'vitest'
import { isRabbitMQSince, readIdentity } from '../../src/amqp/broker-identity.js'

const ADDRESS = 'amqp://ann@h:5672'

test.each([
  ['4.3.0', true],
  ['4.3.6', true],
  ['4.10.0', true],
  ['5.0.0', true],
  ['4.3.0-rc.1', true],
  ['4.2.9', false],
  ['4.0.5', false],
  ['3.13.7', false],
  ['3.10.8', false],
  ['', false],
  ['next', false],
])('RabbitMQ %s is 4.3 or later: %s', (version, expected) => {
  expect(isRabbitMQSince(readIdentity(ADDRESS, { product: 'RabbitMQ', version }), '4.3')).toBe(expected)
})

test.each([
  [{ product: 'LavinMQ', version: '9.9.9' }],
  [{ version: '9.9.9' }],
  [{ product: 'RabbitMQ', version: 9 }],
  [{}],
])('what does not say that it is RabbitMQ, or of which version, is not taken for it: %j', (properties) => {
  expect(isRabbitMQSince(readIdentity(ADDRESS, properties), '3.10')).toBe(false)
})

test('a broker that sends its name as bytes is read', () => {
  const properties = { product: Buffer.from('RabbitMQ'), version: Buffer.from('4.3.6') }
  expect(readIdentity(ADDRESS, properties)).toEqual({ address: ADDRESS, product: 'RabbitMQ', version: '4.3.6' })
})
