import { type PayloadOf, workQueue } from 'leveret'
import { z } from 'zod'

/** Images to be made small: one task for each width that somebody needs. */
export const thumbnails = workQueue('thumbnails', {
  payload: z.object({ imageId: z.uuid(), widthPx: z.int().positive().max(4_096) }),
  retry: { delaysMs: [200, 1_000] },
})

export type Thumbnail = PayloadOf<typeof thumbnails>
