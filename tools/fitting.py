"""How much of a result may be sent: pages of a list, and as much as fits into the budget of ``content``."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import Field

from .arguments import Arguments
from .content import Fence, FromDocuments, fits

PAGE_SIZE = 20
Result = TypeVar("Result", bound="PagedResult")


class PagedArguments(Arguments):
    """A tool that gives a list page by page."""

    page: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(None, description="Default 1.")
    page_size: Annotated[int, Field(ge=1, le=100)] | None = Field(None, description=f"Default {PAGE_SIZE}.")


class PagedResult(FromDocuments):
    """One page of a list."""

    total: int = Field(description="Items on all pages.")
    next_page: int | None = Field(description="Pass it with this `page_size`; null: nothing is left.")
    page_size: int


def most_that(fit: Callable[[int], bool], *, up_to: int) -> int:
    """The largest number for which it is true; it is taken to be true of 0, and of all below one of which it is."""
    if fit(up_to):
        return up_to
    return bisect_left(range(1, up_to + 1), 1, key=lambda number: not fit(number))


def page_of(
    result: type[Result],
    name: str,
    everything: Sequence[Any],
    arguments: PagedArguments,
    row: Callable[[Fence, Any], Any],
) -> Result:
    """The page that was asked for, which is empty behind the end, or as much of it as fits.

    Args:
        result: What the tool returns.
        name: Its member that holds the page.
        everything: The whole list.
        arguments: Which page.
        row: What is shown of one item; of bounded size, so that one always fits.
    """
    size, fence = arguments.page_size or PAGE_SIZE, Fence()
    start = ((arguments.page or 1) - 1) * size
    rows = [row(fence, each) for each in everything[start : start + size]]

    def make(count: int) -> Result:
        left = len(everything) - start - count
        then = size if count == len(rows) else _divisor(start + count, most=count)
        return result.model_validate(
            {
                "notice": fence.notice,
                "fence": fence.name,
                "cut": None if count == len(rows) else f"Only {count} of the page's {len(rows)} items fit: go on.",
                "total": len(everything),
                "next_page": (start + count) // then + 1 if left > 0 else None,
                "page_size": then,
                name: rows[:count],
            }
        )

    return make(most_that(lambda count: fits(make(count)), up_to=len(rows)))


def _divisor(number: int, *, most: int) -> int:
    """The largest divisor up to a limit: with such a page size, a page begins there."""
    return next(size for size in range(max(most, 1), 0, -1) if number % size == 0)
