@normal
Feature: Beyond the published report
  What the published report names and does not test, and what an exchange does besides.

  @EXT1
  Scenario: EXT1 The client logs out
    Given an exchange without tickets
    And the collector is collecting
    When 3 calls are made
    And the collector has collected every ticket
    And the collector is stopped
    And 2 calls are made
    And the collector is started again
    Then the collector collects every ticket
    And the session was closed by a logout
    And every ticket is delivered once and unchanged

  @EXT2
  Scenario: EXT2 A plain incoming call
    Given an exchange without tickets
    And the collector is collecting
    When extension 128 is called from outside, rings 7 seconds and talks 30 seconds
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it

  @EXT3
  Scenario: EXT3 A conference
    Given an exchange without tickets
    And the collector is collecting
    When extension 128 dials an external number and brings in another one after 10 of 50 seconds
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it

  @EXT4
  Scenario: EXT4 Parties that cannot be reached
    Given an exchange without tickets
    And the collector is collecting
    When extension 102 is busy
    And extension 103 is out of service
    And extension 104 is do not disturb
    And extensions 101, 102, 103, 104, 140 are called from outside
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged

  @EXT5
  Scenario: EXT5 The exchange is reset cold
    Given an exchange without tickets
    And the collector is collecting
    When 5 calls are made
    And the collector has collected every ticket
    And the link is cut
    And 3 calls are made
    And the exchange is reset cold
    And the link is restored
    And the exchange serves again
    And 7 calls are made
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged

  @EXT6
  Scenario: EXT6 The power of the exchange fails
    Given an exchange without tickets
    And the collector is collecting
    And nothing will reach the exchange once tickets are offered
    When 15 calls are made
    And the collector has run into the cut
    And the power of the exchange fails
    And the exchange serves again
    And 5 calls are made
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged

  @EXT7
  Scenario Outline: EXT7 More tickets than the buffer holds
    Given an exchange without tickets on the <wire> wire whose buffer holds 30
    And the collector is off
    When 40 calls are made
    And the collector is started
    And the collector has collected every ticket
    And 5 calls are made
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged

    Examples:
      | wire     |
      | taxation |
      | v24      |
      | ohl      |

  @EXT8
  Scenario: EXT8 An hour is repeated
    Given an exchange without tickets in the night in which its clock goes back
    And the collector is collecting
    When extension 128 makes 3 calls of 50 seconds
    And the collector has collected every ticket
    And the hour begins again
    And extension 128 makes 3 calls of 50 seconds
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged

  @EXT9
  Scenario: EXT9 Tickets that a naive reader does not expect
    Given an exchange without tickets
    And the collector is collecting
    When tickets are written that a naive reader does not expect
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
