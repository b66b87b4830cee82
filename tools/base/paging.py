"""Pages of a list that upstream gives whole, each within the size of a result."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import Field

from .arguments import NO_TRUTH
from .content import Fence, FromDocuments, fitted

Result = TypeVar("Result", bound="PagedResult")


Page = Annotated[int, Field(ge=1, le=1_000_000), NO_TRUTH]
PageSize = Annotated[int, Field(ge=1, le=100), NO_TRUTH]


class PagedResult(FromDocuments):
    """One page of a list."""

    total: int
    page_size: int
    next_page: int | None = Field(description="Goes with this `page_size`; null at the end.")


def page_of(
    result: type[Result],
    name: str,
    everything: Sequence[Any],
    row: Callable[[Fence, Any], Any],
    *,
    page: int,
    page_size: int,
) -> Result:
    """The page that was asked for, which is empty behind the end, or as much of it as has room.

    Args:
        result: What the tool returns.
        name: Its member that holds the page.
        everything: The whole list.
        row: What is shown of one item; of bounded size, so that one always has room.
        page: Which one, from 1.
        page_size: How many items a page has.
    """
    fence, start = Fence(), (page - 1) * page_size
    rows = [row(fence, each) for each in everything[start : start + page_size]]

    def make(count: int, _: int) -> Result:
        end = start + count
        is_whole = count == len(rows)
        then = page_size if is_whole else _divisor(end, most=count)
        cut = f"The page was too large: go on with `page_size` {then} and `next_page`."
        return result.model_validate(
            {
                **fence.marks(None if is_whole else cut),
                "total": len(everything),
                "page_size": then,
                "next_page": end // then + 1 if end < len(everything) else None,
                name: rows[:count],
            }
        )

    return fitted(make, items=len(rows), characters=0)


def _divisor(number: int, *, most: int) -> int:
    """The largest divisor up to a limit, or 1: with such a page size, a page begins there."""
    return next((size for size in range(most, 0, -1) if number % size == 0), 1)
