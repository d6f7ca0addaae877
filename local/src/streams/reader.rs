//! Position in a stream: which shards exist, and how far each is read.

use anyhow::Result;

use super::api::{Api, Records};

/// Reader of a stream, from its oldest record.
#[derive(Debug)]
pub(super) struct Reader {
    api: Api,
    shards: Vec<Position>,
    /// Set if a shard has ended, because others follow it.
    described: bool,
}

/// Position in a shard.
#[derive(Debug)]
struct Position {
    shard: String,
    parent: Option<String>,
    /// Iterator of the next records; `None` before the first call, and after one that failed.
    iterator: Option<String>,
    /// Sequence number of the last record that was read.
    last: Option<String>,
    ended: bool,
}

/// Records of a shard, at its position.
#[derive(Debug)]
pub(super) struct Page {
    index: usize,
    pub(super) records: Records,
}

impl Reader {
    pub(super) fn new(api: Api) -> Self {
        Self { api, shards: Vec::new(), described: false }
    }

    /// Returns the ARN of the stream.
    pub(super) fn arn(&self) -> &str {
        &self.api.arn
    }

    /// Returns the next records of any shard; `None` if there are none now. The position stays until
    /// [`Reader::advance`], so records are read again if their delivery is interrupted.
    ///
    /// An empty response counts as the end, which is true for emulators but not for DynamoDB itself.
    pub(super) async fn next(&mut self) -> Result<Option<Page>> {
        loop {
            self.describe().await?;
            for index in 0..self.shards.len() {
                if self.waits(index) {
                    continue;
                }
                let page = self.read(index).await?;
                if !page.records.records.is_empty() {
                    return Ok(Some(page));
                }
                self.advance(&page);
            }
            if self.described {
                return Ok(None);
            }
        }
    }

    /// Moves behind the records of a page.
    pub(super) fn advance(&mut self, page: &Page) {
        let Some(position) = self.shards.get_mut(page.index) else { return };
        if let Some(last) = page.records.records.last() {
            position.last = last["dynamodb"]["SequenceNumber"].as_str().map(str::to_owned);
        }
        position.iterator.clone_from(&page.records.next_shard_iterator);
        position.ended = position.iterator.is_none();
        self.described &= !position.ended;
    }

    /// Finds new shards. Only the end of a shard brings some, so they are not looked up with every read.
    async fn describe(&mut self) -> Result<()> {
        if self.described && self.shards.iter().any(|position| !position.ended) {
            return Ok(());
        }
        for found in self.api.shards().await? {
            if self.shards.iter().all(|known| known.shard != found.shard_id) {
                let (shard, parent) = (found.shard_id, found.parent_shard_id);
                self.shards.push(Position { shard, parent, iterator: None, last: None, ended: false });
            }
        }
        self.described = true;
        Ok(())
    }

    /// Returns `true` if a shard has ended, or its parent must be read before it.
    fn waits(&self, index: usize) -> bool {
        self.shards.get(index).is_none_or(|position| {
            let is_parent = |other: &&Position| Some(&other.shard) == position.parent.as_ref();
            position.ended || self.shards.iter().find(is_parent).is_some_and(|parent| !parent.ended)
        })
    }

    async fn read(&mut self, index: usize) -> Result<Page> {
        let position = &mut self.shards[index];
        if position.iterator.is_none() {
            // Records older than a day are gone. A read behind one of them fails, and the next begins at the oldest.
            let last = position.last.take();
            position.iterator = Some(self.api.iterator(&position.shard, last.as_deref()).await?);
            position.last = last;
        }
        let iterator = position.iterator.take().unwrap_or_default();
        // Without its iterator, which may have expired, a failed read is repeated with a new one.
        let records = self.api.records(&iterator).await?;
        position.iterator = Some(iterator);
        Ok(Page { index, records })
    }
}
