// thumbnails.test.ts
import { eventually, testOn } from '@leveret/testing/vitest'
import { connect, Producer, Worker, workQueue } from 'leveret'
import { expect } from 'vitest'
import { z } from 'zod'

const test = testOn('memory') // or 'container', 'local', 'auto'
const thumbnails = workQueue('thumbnails', { payload: z.object({ image: z.string() }) })

test('renders what was sent', async ({ vhost }) => {
  await using rabbit = await connect(vhost.url)
  const rendered: string[] = []
  await new Worker(rabbit, thumbnails, ({ image }) => void rendered.push(image)).start()
  await new Producer(rabbit, thumbnails).send({ image: 'cat.png' })
  await eventually(() => expect(rendered).toEqual(['cat.png']))
})
