"""The confirm code: two words that the tool result and the page both show, so that a forwarded link is noticed (S9)."""

import secrets

_FIRST = (
    "amber azure bitter blue bold brave brief bright brisk bronze calm chalk clear clever cloudy cold coral cosy "
    "crisp dapper dark deep dry dusty eager early easy even fair fancy fast fine firm fond free fresh frosty "
    "gentle glad golden grand grassy green grey happy hardy hazel honest humble icy ivory jolly keen kind large "
    "late lemon light lilac little lively long lucky maple mellow merry mild mint misty modest mossy neat noble "
    "olive open orange pale patient pearl plain plum polite proud purple quick quiet rapid rare ready red rich "
    "ripe rosy round ruby rural rusty sandy scarlet sharp shiny short silent silver simple slim slow small smooth "
    "snowy soft solid spare steady still stone stormy strong sturdy sunny sweet swift tall tame teal tidy tiny "
    "true vast velvet vivid warm wide wild windy wise witty yellow young "
)
_SECOND = (
    "acorn anchor apple arrow badger barn basin beacon bear beaver bell birch bison boat bridge brook bucket "
    "candle canyon castle cedar cherry cliff cloud clover comet copper cottage crane creek cricket daisy deer "
    "dolphin dove dune eagle ember falcon fern ferry field finch fjord forest fox garden garnet geyser glacier "
    "goose grove harbor hare harp hawk heron hill honey island jasmine jetty kettle kite lagoon lake lantern lark "
    "lighthouse lily linden lizard lotus lynx magnet marble marten meadow mill mirror moon moose moth mountain "
    "nest oak oasis orchard otter owl panda path pebble pepper pigeon pine planet pond poppy quartz rabbit raven "
    "reef river robin rocket rose saddle salmon seal shell sparrow spring spruce squirrel star stork stream "
    "summit sundial swan temple thistle thrush tiger trail tulip tunnel turtle valley violin walnut walrus "
    "waterfall whale willow wolf wren zebra "
)


def confirm_code() -> str:
    """Two words, such as "amber falcon"; there are over nineteen thousand."""
    return f"{secrets.choice(_FIRST.split())} {secrets.choice(_SECOND.split())}"
