import { application } from 'leveret'
import { deadThumbnails, thumbnails } from './src/thumbnails.js'

/** What the demo does: it sends, works, and looks after what failed for good. */
export const demo = application({
  name: 'leveret demo',
  version: '0.0.0',
  sends: [thumbnails],
  works: [thumbnails, deadThumbnails],
})
