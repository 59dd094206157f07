import { workQueue } from 'leveret'
import { z } from 'zod'

const name = 'leveret-demo.thumbnails'

/** The demo's tasks. They have three attempts, so that the last one comes soon. */
export const thumbnails = workQueue(name, {
  payload: z.object({
    /** Id of the run. Tasks that an interrupted run left behind have another one. */
    run: z.uuid(),
    image: z.string().min(1),
    widthPx: z.int().positive(),
  }),
  retry: { delaysMs: [500, 1_500] },
})

/** Queue of the tasks that failed for good: an existing queue, described as leveret declares it. */
export const deadThumbnails = workQueue(`${name}.dead-letter`, {
  payload: thumbnails.payload,
  queue: { arguments: { 'x-queue-type': 'quorum', 'x-overflow': 'reject-publish', 'x-delivery-limit': 2_147_483_647 } },
  retry: false,
  deadLetter: false,
})
