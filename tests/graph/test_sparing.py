"""What a living draft's packs hold is spared as far as the index has it."""

from pathlib import Path

from objstore.graph.sparing import spare
from objstore.odb.draftfile import Named
from objstore.odb.keyset import KeySet
from objstore.odb.pending import PendingRows
from objstore.odb.segmentwriter import publish_segment
from tests.odb.stores import Store, chunk


def test_what_the_index_does_not_list_is_not_spared(tmp_path: Path) -> None:
    store = Store(tmp_path)
    listed, unlisted = chunk(b"listed"), chunk(b"unlisted")
    store.add(listed, unlisted)
    place = store.database.locate([listed[0]])[listed[0]]
    rows = PendingRows(tmp_path)
    rows.put({listed[0]: (0, place.offset, place.stored, place.raw)})
    store.segments = [publish_segment(store.blobs, [place.pack], rows)]
    store.database.load(store.segments)
    with KeySet(tmp_path) as live:
        assert spare(store.database, [Named([], [], [place.pack])], live, tmp_path) == {place.pack}
        assert listed[0] in live
        assert unlisted[0] not in live
