import { test } from '@leveret/testing/vitest'
import { expect } from 'vitest'

const transient = { durable: false, auto_delete: false, arguments: {} }

test('denies transient, non-exclusive queues if RabbitMQ can', async ({ broker, vhost, skip }) => {
  const [major = 0, minor = 0] = broker.version.split('.').map(Number)
  if (major < 3 || (major === 3 && minor < 13)) skip(`RabbitMQ ${broker.version} does not know deprecated features`)

  const { protocol, host, username, password } = new URL(broker.managementUrl)
  const response = await fetch(`${protocol}//${host}/api/queues/${vhost.name}/transient`, {
    method: 'PUT',
    headers: { authorization: `Basic ${btoa(`${username}:${password}`)}` },
    body: JSON.stringify(transient),
  })

  expect(response.status).toBeGreaterThanOrEqual(400)
  expect(await response.text()).toContain('transient_nonexcl_queues')
})
